// The certified oidc-provider as a process for tests. Its first line of input says, as JSON, who may sign in and for
// whom; its first line of output says at which address; it ends when its input does.
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';

import { Provider } from 'oidc-provider';

const input = createInterface({ input: process.stdin });
input.on('close', () => process.exit(0));
const [line] = await once(input, 'line');
const asked = JSON.parse(line);

const KINDS = {
  RS256: ['rsa', { modulusLength: 2048 }],
  PS256: ['rsa', { modulusLength: 2048 }],
  ES256: ['ec', { namedCurve: 'P-256' }],
  EdDSA: ['ed25519', {}],
};
const keys = asked.algorithms.map((alg) => ({
  ...generateKeyPairSync(...KINDS[alg]).privateKey.export({ format: 'jwk' }),
  alg,
  use: 'sig',
}));

const escaped = (text) => String(text).replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
const page = (title, body) => `<!doctype html><html lang="en"><title>${title}</title><h1>${title}</h1>${body}`;

// The name typed at the provider finds the account; what is told of it is what the test gave.
const findAccount = (_, login) =>
  Object.hasOwn(asked.accounts, login) ? { accountId: login, claims: () => ({ sub: login, ...asked.accounts[login] }) } : undefined;

const server = createServer();
server.listen(asked.port ?? 0, '127.0.0.1');
await once(server, 'listening');
const address = `http://127.0.0.1:${server.address().port}`;

const provider = new Provider(asked.issuer ?? address, {
  clients: asked.clients,
  jwks: { keys },
  findAccount,
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'given_name', 'family_name'] },
  conformIdTokenClaims: asked.claims_from_userinfo,
  clientAuthMethods: asked.client_authentication,
  enabledJWA: { idTokenSigningAlgValues: asked.algorithms },
  features: { devInteractions: { enabled: false } },
  interactions: { url: (_, { uid }) => `/interaction/${uid}` },
  cookies: { keys: ['of no value outside a test'] },
  // An account that is not there is answered by the page again.
  renderError: (ctx, out) => {
    ctx.type = 'html';
    ctx.body = page('Refused', `<p>${escaped(out.error)}</p>`);
  },
});

provider.use(async (ctx, next) => {
  const [, path, uid, deed] = ctx.path.split('/');
  if (path !== 'interaction') {
    await next();
    return;
  }
  const { prompt, params, grantId, session } = await provider.interactionDetails(ctx.req, ctx.res);
  if (ctx.method === 'GET') {
    const form = (action, fields) => `<form method="post" action="/interaction/${uid}/${action}">${fields}</form>`;
    const fields =
      prompt.name === 'login'
        ? '<label>Name <input name="login"></label><button>Sign in</button>'
        : `<p>${escaped(params.client_id)} asks who you are.</p><button>Continue</button>`;
    ctx.type = 'html';
    ctx.body = page(prompt.name, form(prompt.name, fields) + form('abort', '<button>Cancel</button>'));
    return;
  }
  const finish = (result) =>
    provider.interactionResult(ctx.req, ctx.res, result).then((to) => {
      ctx.status = 303;
      ctx.redirect(to);
      ctx.status = 303;
    });
  if (deed === 'abort') {
    await finish({ error: 'access_denied', error_description: 'The person cancelled' });
  } else if (deed === 'login') {
    const body = [];
    for await (const piece of ctx.req) body.push(piece);
    const accountId = new URLSearchParams(Buffer.concat(body).toString()).get('login');
    if (findAccount(ctx, accountId)) {
      await finish({ login: { accountId } });
    } else {
      ctx.status = 303;
      ctx.redirect(`/interaction/${uid}`);
      ctx.status = 303;
    }
  } else {
    const grant = grantId
      ? await provider.Grant.find(grantId)
      : new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
    grant.addOIDCScope((prompt.details.missingOIDCScope ?? []).join(' '));
    grant.addOIDCClaims(prompt.details.missingOIDCClaims ?? []);
    await finish({ consent: { grantId: await grant.save() } });
  }
});

server.on('request', provider.callback());
console.log(address);
