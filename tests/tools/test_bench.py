"""The benchmark measures a real server; its figures are printed, never asserted."""

from pathlib import Path

from tools.bench import fan_out, longest_step, program, pss, rate, server


async def test_every_figure_can_be_taken() -> None:
    async with program(*server()) as (process, port, took):
        assert took > 0
        assert pss(process.pid) > 0
        assert await rate(port, "/global/health", 0.05) > 0
        assert await fan_out(port, 2, 5) > 0


async def test_the_steps_of_a_prompt_are_watched(tmp_path: Path) -> None:
    found = await longest_step(tmp_path)
    assert found["prompt ms"] > 0
    assert found["longest step in a prompt, ms"] >= 0
