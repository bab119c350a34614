"""What residents see of a published plan, at a short address: pages in plain words that any cache may keep, a card for
other sites, and where planners decide about it. Reads only; owns no document."""
