"""`devices`: what you can listen to."""

import sys

from paces_live.cli.options import Json


def devices(json: Json = False) -> None:
    """List microphones, outputs and players that you can listen to, and what to type for each."""
    from paces_live.render.json_lines import dumps, plain
    from paces_live.sources.devices import list_inputs

    inputs = list_inputs()
    if json:
        for one in inputs:
            print(dumps({"type": "input"} | plain(one)), flush=True)  # noqa: T201
        return
    from paces_live.render.devices import OTHERS, inputs_table
    from paces_live.render.tables import console

    out = console(sys.stdout)
    out.print(inputs_table(inputs))
    out.print(OTHERS)
