"""`token`: what lets phones and programs into the server of this machine."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from paces_live.server.access.token import Token

token = typer.Typer(
    no_args_is_help=True,
    help="Show the token that lets phones and programs into your server, or make another.\n\n"
    "It is kept in paces-live/token in $XDG_CONFIG_HOME, by default ~/.config, and only you can read it. Whoever has "
    "it gets in.",
    epilog="Example: [bold]paces-live token show[/bold]",
)

Address = Annotated[
    str,
    typer.Option(
        "--address",
        metavar="URL",
        help="Also print a QR code that opens this address of your server, such as http://pi.local:8765.",
    ),
]


@token.command(epilog="Example: [bold]paces-live token show --address http://pi.local:8765[/bold]")
def show(address: Address = "") -> None:
    """Print the token. The first time, it is made."""
    from paces_live.server.access.token import Token

    _print(Token.kept(), address)


@token.command(epilog="Example: [bold]paces-live token new[/bold]")
def new(address: Address = "") -> None:
    """Make another token and print it. It works at once, and locks out everyone who has the old one."""
    from paces_live.server.access.token import Token

    made = Token()
    made.renew()
    _print(made, address)


def _print(shown: "Token", address: str) -> None:
    if not address:
        sys.stdout.write(f"{shown.value}\n")
        return
    from paces_live.server.access.invitation import print_invitation

    print_invitation(address, shown.value, sys.stdout)
