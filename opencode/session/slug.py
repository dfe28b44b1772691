"""Readable names for sessions: an adjective and a noun, not unique."""

import secrets

ADJECTIVES = (
    "amber ancient brave bright calm clever cosmic crisp curious dapper eager early electric fair"
    " fleet gentle glad golden happy hidden humble jolly keen kind lively lucky mellow merry mighty"
    " misty neat neon nimble noble patient playful polite proud quick quiet rapid shiny silent"
    " silver steady sunny swift tidy vivid warm wise witty young"
).split()
NOUNS = (
    "anchor badger beacon bridge brook canyon cedar cloud comet coral crane creek delta dune eagle"
    " ember falcon fern field fjord forest fox garden glacier grove harbor hawk heron island"
    " lagoon lantern lark maple meadow meteor moon nebula oak ocean otter panda pebble pine planet"
    " prairie quartz raven reef ridge river robin spruce star stone summit tiger valley wave willow"
    " wolf"
).split()


def slug() -> str:
    """For example `quiet-otter`."""
    return f"{secrets.choice(ADJECTIVES)}-{secrets.choice(NOUNS)}"
