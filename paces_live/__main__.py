"""The command `paces-live`, also as ``python -m paces_live``."""

import gc


def main() -> None:
    """Run the command line and exit with its status."""
    try:
        # Modules stay: to look for garbage among them would take a seventh of the start.
        gc.disable()
        # Deferred: it takes 0.1 s, and Ctrl-C may come in it.
        from paces_live.cli.main import app

        gc.freeze()
        gc.enable()
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    app(prog_name="paces-live")


if __name__ == "__main__":
    main()
