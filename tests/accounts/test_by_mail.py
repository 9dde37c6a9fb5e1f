"""From the form to the mailbox and back, through the worker."""

import re

from tests.accounts.arranging import sign_up, who_is_in


def test_the_link_in_the_mail_that_arrives_lets_one_in(client, ideas_command, mails):
    sign_up(client)

    assert ideas_command("worker", "--drain").exit_code == 0
    assert ideas_command("worker", "--drain").exit_code == 0

    (message,) = mails()
    assert message["To"] == "mia@example.test"
    assert message["Subject"] == "Confirm your address for Answerback"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["List-Unsubscribe"] is None
    text = message.get_body(("plain",)).get_content()
    found = re.search(r"http://localhost(/verify/\S+)", text)
    assert found
    client.post(found[1])
    assert who_is_in(client) == "Mia"


def test_nothing_arrives_for_an_unknown_address(client, ideas_command, mails):
    client.post("/sign-in/link", data={"email": "nobody@example.test"})

    assert ideas_command("worker", "--drain").exit_code == 0

    assert mails() == []
