"""The command `paces-live`, also as ``python -m paces_live``."""

from paces_live.cli.main import app


def main() -> None:
    """Run the command line and exit with its status."""
    app(prog_name="paces-live")


if __name__ == "__main__":
    main()
