"""The benchmark measures a real server; its figures are printed, never asserted."""

from tools.bench import fan_out, program, pss, rate, server


async def test_every_figure_can_be_taken() -> None:
    async with program(*server()) as (process, port, took):
        assert took > 0
        assert pss(process.pid) > 0
        assert await rate(port, "/global/health", 0.05) > 0
        assert await fan_out(port, 2, 5) > 0
