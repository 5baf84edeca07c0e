"""Who gets in, and what they may do: the token and the input of the machine."""

import pytest
from playwright.sync_api import Page, expect

from tests.server.page.steps import follow, wait_for
from tests.support.scripted_page_server import PageServer

pytestmark = pytest.mark.slow


def test_an_address_with_a_token_lets_in_and_loses_it(page: Page, server: PageServer) -> None:
    server.token = "sesame"  # noqa: S105
    page.goto(f"{server.url}/#t=sesame")
    expect(page.locator("#connection")).to_have_text("connected")
    assert page.url == f"{server.url}/"
    assert page.evaluate("history.length") == 2  # The blank page and this one: no entry keeps the token.
    assert {"token": "sesame"} in server.messages
    assert page.evaluate("JSON.stringify(localStorage)").find("sesame") == -1
    page.reload()
    expect(page.locator("#connection")).to_have_text("connected")


def test_the_token_is_asked_for(page: Page, server: PageServer) -> None:
    server.token = "sesame"  # noqa: S105
    page.goto(server.url)
    field = page.get_by_label("Token")
    expect(field).to_be_focused()
    expect(page.locator("#page")).to_be_hidden()
    field.fill("wrong")
    field.press("Enter")
    expect(page.get_by_role("alert").first).to_have_text("that is not the token of this server")
    field.fill("sesame")
    page.get_by_role("button", name="Connect").click()
    expect(page.locator("#connection")).to_have_text("connected")
    expect(page.locator("#token-page")).to_be_hidden()


def test_another_token_of_the_server_is_asked_for_while_the_page_is_open(page: Page, server: PageServer) -> None:
    follow(page, server)
    server.token = "new"  # noqa: S105
    server.close(1008, "the token is not right")
    expect(page.get_by_label("Token")).to_be_visible()


def test_the_input_of_the_machine_can_be_chosen_with_control(page: Page, server: PageServer) -> None:
    server.share = "control"
    follow(page, server)
    page.get_by_label("The server listens to").select_option("USB")
    assert wait_for(lambda: server.input == "mic:USB")


def test_the_input_of_the_machine_is_not_offered_to_listeners(page: Page, server: PageServer) -> None:
    follow(page, server)
    page.wait_for_timeout(200)
    expect(page.locator("#input-row")).to_be_hidden()
