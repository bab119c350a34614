"""The second factor: known answers of RFC 6238, no code twice, secrets that the database alone does not tell."""

from __future__ import annotations

import asyncio
import base64
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from beanie import PydanticObjectId
from hypothesis import given
from hypothesis import strategies as st

from stratplan import database
from stratplan.accounts import totp
from stratplan.accounts.totp import SecondFactor
from stratplan.errors import RuleBroken
from stratplan.i18n import use_language
from stratplan.secret_key import SecretKey

KEY = SecretKey([b"k" * 32])
MOMENT = datetime(2026, 3, 2, 9, 0, 0, tzinfo=UTC)
RFC_SECRET = base64.b32encode(b"12345678901234567890").decode()


# RFC 6238, appendix B: eight digits, of which apps show the last six.
@pytest.mark.parametrize(
    ("second", "digits"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
        (20000000000, "65353130"),
    ],
)
def test_the_codes_are_those_of_the_rfc(second: int, digits: str) -> None:
    moment = datetime.fromtimestamp(second, UTC)
    assert totp.matching_step(RFC_SECRET, digits[2:], moment) == second // 30


@given(st.integers(min_value=10**8, max_value=4 * 10**9), st.integers(min_value=-90, max_value=90))
def test_a_code_lives_for_the_30_seconds_of_its_step(second: int, off: int) -> None:
    code, moment = pyotp.TOTP(RFC_SECRET).at(second), second + off
    found = totp.matching_step(RFC_SECRET, code, datetime.fromtimestamp(moment, UTC))
    is_its_step = moment // 30 == second // 30
    assert found == (moment // 30 if is_its_step or code == pyotp.TOTP(RFC_SECRET).at(moment) else None)


def test_a_code_is_good_from_its_first_second_to_its_last() -> None:
    code = pyotp.TOTP(RFC_SECRET).at(MOMENT)
    for second, is_good in ((-1, False), (0, True), (29, True), (30, False)):
        moment = MOMENT + timedelta(seconds=second, milliseconds=999 if second in (-1, 29) else 0)
        assert (totp.matching_step(RFC_SECRET, code, moment) is not None) == is_good


async def test_a_code_of_the_step_before_or_after_is_refused_with_what_to_do(
    db: database.Database,
) -> None:
    account = PydanticObjectId()
    secret = await totp.begin(account, key=KEY)
    for seconds in (-30, 30):
        code = pyotp.TOTP(secret).at(MOMENT + timedelta(seconds=seconds))
        with use_language("en"), pytest.raises(RuleBroken, match=r"good for 30 seconds.*clock") as broken:
            await totp.confirm(account, code, key=KEY, at=MOMENT)
        assert broken.value.field == "code"
    await totp.confirm(account, pyotp.TOTP(secret).at(MOMENT), key=KEY, at=MOMENT)
    later = MOMENT + timedelta(minutes=5)
    for seconds in (-30, 30):
        code = pyotp.TOTP(secret).at(later + timedelta(seconds=seconds))
        assert not await totp.accept(account, code, key=KEY, at=later)
    assert await totp.accept(account, pyotp.TOTP(secret).at(later), key=KEY, at=later)


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "１２３４５６", "12 34 5", "\0" * 6, "9" * 5000])
def test_what_is_no_code_fits_no_step(code: str) -> None:
    assert totp.matching_step(RFC_SECRET, code, MOMENT) is None


async def set_up(account: PydanticObjectId) -> tuple[str, list[str]]:
    """A second factor that is on: its secret and recovery codes."""
    secret = await totp.begin(account, key=KEY)
    before = MOMENT - timedelta(minutes=5)
    return secret, await totp.confirm(account, pyotp.TOTP(secret).at(before), key=KEY, at=before)


async def test_it_is_on_once_a_code_was_confirmed(db: database.Database) -> None:
    account = PydanticObjectId()
    secret = await totp.begin(account, key=KEY)
    assert len(base64.b32decode(secret)) == 20, "160 bits"
    assert await totp.pending(account, key=KEY) == secret
    assert not await totp.is_on(account)
    assert not await totp.accept(account, pyotp.TOTP(secret).at(MOMENT), key=KEY, at=MOMENT)
    with pytest.raises(RuleBroken):
        await totp.confirm(account, "000000", key=KEY, at=datetime.fromtimestamp(59, UTC))
    codes = await totp.confirm(account, pyotp.TOTP(secret).at(MOMENT), key=KEY, at=MOMENT)
    assert len(set(codes)) == 10
    assert await totp.is_on(account)
    assert await totp.pending(account, key=KEY) is None
    await totp.remove(account)
    assert not await totp.is_on(account)


async def test_a_code_is_accepted_once_and_earlier_ones_no_more(db: database.Database) -> None:
    account = PydanticObjectId()
    secret, _codes = await set_up(account)
    app = pyotp.TOTP(secret)
    assert await totp.accept(account, app.at(MOMENT), key=KEY, at=MOMENT)
    assert not await totp.accept(account, app.at(MOMENT), key=KEY, at=MOMENT)
    assert not await totp.accept(account, app.at(MOMENT - timedelta(seconds=30)), key=KEY, at=MOMENT)
    later = MOMENT + timedelta(seconds=30)
    assert await totp.accept(account, app.at(later), key=KEY, at=later)


async def test_the_code_that_confirmed_it_does_not_sign_in(db: database.Database) -> None:
    account = PydanticObjectId()
    secret = await totp.begin(account, key=KEY)
    code = pyotp.TOTP(secret).at(MOMENT)
    await totp.confirm(account, code, key=KEY, at=MOMENT)
    assert not await totp.accept(account, code, key=KEY, at=MOMENT)


async def test_of_twenty_that_come_with_one_code_at_once_one_is_accepted(db: database.Database) -> None:
    account = PydanticObjectId()
    secret, _codes = await set_up(account)
    code = pyotp.TOTP(secret).at(MOMENT)
    accepted = await asyncio.gather(*(totp.accept(account, code, key=KEY, at=MOMENT) for _ in range(20)))
    assert sum(accepted) == 1


async def test_of_twenty_that_come_with_one_recovery_code_at_once_one_is_accepted(db: database.Database) -> None:
    account = PydanticObjectId()
    _secret, codes = await set_up(account)
    accepted = await asyncio.gather(*(totp.accept_recovery(account, codes[3]) for _ in range(20)))
    assert sum(accepted) == 1
    assert await totp.codes_left(account) == 9


async def test_a_recovery_code_is_good_however_it_is_typed_and_for_its_account_only(db: database.Database) -> None:
    account, other = PydanticObjectId(), PydanticObjectId()
    _secret, codes = await set_up(account)
    await set_up(other)
    assert not await totp.accept_recovery(other, codes[0])
    typed = codes[0].lower().replace("-", " ").replace("0", "o").replace("1", "l")
    assert await totp.accept_recovery(account, typed)
    assert not await totp.accept_recovery(account, codes[0])
    for wrong in ("", "x" * 5000, "\ud800", codes[1][:-1]):
        assert not await totp.accept_recovery(account, wrong)
    renewed = await totp.renew_codes(account)
    assert not await totp.accept_recovery(account, codes[1])
    assert await totp.accept_recovery(account, renewed[1])


def test_recovery_codes_have_the_bits_that_a_plain_hash_needs() -> None:
    (code, *others) = totp.new_recovery_codes()
    assert len(others) == 9
    assert len(code.replace("-", "")) * 5 >= 112
    assert all(len(group) == 4 for group in code.split("-"))


async def test_the_database_alone_tells_no_secret(db: database.Database) -> None:
    account = PydanticObjectId()
    secret, codes = await set_up(account)
    await totp.begin(account, key=KEY)
    raw = str(await SecondFactor.get_motor_collection().find_one({"_id": account}))
    assert secret not in raw
    assert not any(code in raw or code.replace("-", "") in raw for code in codes)


async def test_another_key_opens_nothing_and_recovery_codes_still_work(db: database.Database) -> None:
    account = PydanticObjectId()
    secret, codes = await set_up(account)
    other = SecretKey([b"o" * 32])
    assert not await totp.accept(account, pyotp.TOTP(secret).at(MOMENT), key=other, at=MOMENT)
    assert await totp.accept_recovery(account, codes[0])


async def test_a_secret_moved_to_another_account_is_not_accepted(db: database.Database) -> None:
    account, thief = PydanticObjectId(), PydanticObjectId()
    secret, _codes = await set_up(account)
    raw = await SecondFactor.get_motor_collection().find_one({"_id": account})
    assert raw is not None
    await SecondFactor.get_motor_collection().insert_one({**raw, "_id": thief})
    assert not await totp.accept(thief, pyotp.TOTP(secret).at(MOMENT), key=KEY, at=MOMENT)


async def test_while_a_new_app_is_set_up_the_old_one_signs_in(db: database.Database) -> None:
    account = PydanticObjectId()
    secret, _codes = await set_up(account)
    new = await totp.begin(account, key=KEY)
    assert await totp.accept(account, pyotp.TOTP(secret).at(MOMENT), key=KEY, at=MOMENT)
    await totp.confirm(account, pyotp.TOTP(new).at(MOMENT), key=KEY, at=MOMENT)
    later = MOMENT + timedelta(minutes=2)
    assert not await totp.accept(account, pyotp.TOTP(secret).at(later), key=KEY, at=later)
    assert await totp.accept(account, pyotp.TOTP(new).at(later), key=KEY, at=later)


def test_what_an_app_reads_names_the_installation_and_the_person() -> None:
    uri = totp.provisioning_uri(RFC_SECRET, "anna@example.lv")
    read = pyotp.parse_uri(uri)
    assert isinstance(read, pyotp.TOTP)
    assert (read.secret, read.name, read.issuer) == (RFC_SECRET, "anna@example.lv", "stratplan")
    drawn = totp.picture(uri)
    assert set(drawn.path) <= set("Mhvm0123456789.- ")
    assert drawn.size > 29
