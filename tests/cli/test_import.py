"""``flask waapi messages import``: what becomes of a file's rows."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from factories import RECORDING, MakeWorld, World
from flask_waapi.cli.importing import CHUNK
from flask_waapi.storage.models import IdempotencyRecord, Message
from recorder import ORDER_CONFIRMATION

Run = Callable[..., Result]
Refused = Callable[..., str]

CONFIRMATION = ("--template-name", "order_confirmation", "--language", "en")


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    """An app whose messages wait for a worker and end at a recorder."""
    return make_world(**RECORDING, WAAPI_DISPATCH="worker")


@pytest.fixture
def file(tmp_path: Path) -> Callable[[str], str]:
    """Makes CSV files."""

    def file(text: str, encoding: str = "utf-8") -> str:
        path = tmp_path / "messages.csv"
        path.write_bytes(text.encode(encoding))
        return str(path)

    return file


MakeFile = Callable[..., str]


def numbers(count: int, first: int = 0) -> str:
    """Rows of texts to as many recipients."""
    return "".join(f"+1{2_000_000_000 + number},Hello\n" for number in range(first, first + count))


def counts(result: Result) -> list[str]:
    """Stored, refused and before, as the summary has them."""
    header, values = result.stdout.splitlines()[:2]
    assert header.split()[1:] == ["REFUSED", "BEFORE", "SECONDS"]
    return values.split()[:3]


class TestRows:
    """What a row may say."""

    def test_each_row_is_stored_and_sent_later(self, run: Run, world: World, file: MakeFile) -> None:
        path = file("to,text,reference\n+1234567890,Hello,first\n+1234567891,Bye,second\n")

        told = run("messages", "import", path)

        assert counts(told) == ["2", "0", "0"]
        assert "They are sent by `flask waapi worker`." in told.stdout
        assert {
            (made.recipient, made.rendered, made.reference, made.status) for made in world.messages()
        } == {
            ("+1234567890", "Hello", "first", "queued"),
            ("+1234567891", "Bye", "second", "queued"),
        }
        world.work()
        assert len(world.script.sent) == 2

    def test_other_columns_are_the_templates_variables(self, run: Run, world: World, file: MakeFile) -> None:
        path = file("to,customer_name,order_id,total\n+1234567890,Ann,7,9.99\n")

        run("messages", "import", path, *CONFIRMATION)

        assert world.message().rendered == "Hi Ann, your order 7 comes to 9.99."

    def test_a_variable_that_is_called_like_a_column_has_a_prefix(
        self, run: Run, world: World, file: MakeFile
    ) -> None:
        body = {"type": "BODY", "text": "See {{link}}"}
        world.script.templates = [
            ORDER_CONFIRMATION.__class__("see", "en", "APPROVED", "UTILITY", "NAMED", [body])
        ]
        path = file("to,template_name,language,variables.link\n+1234567890,see,en,the shop\n")

        run("messages", "import", path)

        assert world.message().rendered == "See the shop"

    def test_rows_of_several_types_stand_in_one_file(self, run: Run, world: World, file: MakeFile) -> None:
        path = file(
            "to,type,text,link,caption,filename,template_name,language,customer_name,order_id,total\n"
            "+1234567890,,Hello,,,,,,,,\n"
            "+1234567891,document,,https://example.com/a.pdf,Yours,a.pdf,,,,,\n"
            "+1234567892,,,,,,order_confirmation,en,Ann,7,9.99\n"
        )

        run("messages", "import", path)

        found = {made.recipient: made.type for made in world.messages()}
        assert found == {"+1234567890": "text", "+1234567891": "document", "+1234567892": "template"}

    def test_a_row_has_its_own_time_and_end(self, run: Run, world: World, file: MakeFile) -> None:
        path = file("to,text,send_at,expires_in\n+1234567890,Hello,2026-01-02T00:00:00Z,3600\n")

        run("messages", "import", path)

        made = world.message()
        assert made.send_at is not None
        assert made.send_at.isoformat() == "2026-01-02T00:00:00+00:00"
        assert made.expires_at is not None
        assert made.expires_at.isoformat() == "2026-01-02T01:00:00+00:00"

    def test_an_option_gives_its_value_to_rows_that_have_none(
        self, run: Run, world: World, file: MakeFile
    ) -> None:
        path = file("to,type,link,media_id\n+1234567890,,https://example.com/a,\n+1234567891,sticker,,123\n")

        run("messages", "import", path, "--type", "image")

        assert {(made.recipient, made.type) for made in world.messages()} == {
            ("+1234567890", "image"),
            ("+1234567891", "sticker"),
        }

    def test_text_is_kept_as_it_is(self, run: Run, world: World, file: MakeFile) -> None:
        texts = ["=1+1", "+SUM(A1)", "@cmd", "-2", ' "quoted" ', "two\nlines", "naïve ☕", "a,b;c\td"]
        rows = "".join(
            f'+12345678{place}0,"{text.replace(chr(34), chr(34) * 2)}"\n' for place, text in enumerate(texts)
        )

        run("messages", "import", file("to,text\n" + rows))

        assert {made.rendered for made in world.messages()} == set(texts)

    def test_simulated_messages_reach_no_provider(self, run: Run, world: World, file: MakeFile) -> None:
        run("messages", "import", file("to,text\n+1234567890,Hello\n"), "--simulate")
        world.work()

        assert world.message().simulated
        assert world.script.sent == []

    def test_they_belong_to_the_account_that_is_named(self, run: Run, world: World, file: MakeFile) -> None:
        run("messages", "import", file("to,text\n+1234567890,Hello\n"), "--account", "acme")

        assert world.message().account == "acme"


class TestForms:
    """In which forms a file may come."""

    @pytest.mark.parametrize(
        "text",
        [
            "to;text\n+1234567890;Hello\n",
            "to\ttext\n+1234567890\tHello\n",
            "to,text\r\n+1234567890,Hello\r\n",
            "to,text\r+1234567890,Hello\r",
            '"to","text"\n"+1234567890","Hello"\n',
            " to , text \n+1234567890,Hello\n",
            "to,text\n+1234567890,Hello",
            "\n\nto,text\n\n  \n,\n+1234567890,Hello\n\n",
            "text,to\nHello, +1234567890 \n",
            "to,text,,\n+1234567890,Hello,,\n",
        ],
    )
    def test_it_is_read(self, run: Run, world: World, file: MakeFile, text: str) -> None:
        run("messages", "import", file(text))

        assert (world.message().recipient, world.message().rendered) == ("+1234567890", "Hello")

    def test_a_byte_order_mark_is_no_part_of_the_first_column(
        self, run: Run, world: World, file: MakeFile
    ) -> None:
        run("messages", "import", file("to,text\n+1234567890,Hello\n", "utf-8-sig"))

        assert world.message().recipient == "+1234567890"

    @pytest.mark.parametrize(("delimiter", "word"), [("|", "|"), ("\t", "tab"), ("\t", "\\t")])
    def test_a_delimiter_can_be_named(
        self, run: Run, world: World, file: MakeFile, delimiter: str, word: str
    ) -> None:
        path = file(f"to{delimiter}text\n+1234567890{delimiter}Hello\n")

        run("messages", "import", path, "--delimiter", word)

        assert world.message().rendered == "Hello"

    def test_a_header_alone_is_an_import_of_nothing(self, run: Run, file: MakeFile) -> None:
        assert counts(run("messages", "import", file("to,text\n"))) == ["0", "0", "0"]

    @pytest.mark.parametrize(
        ("text", "told"),
        [
            ("", "Line 1: There is no header: the file is empty."),
            ("\n \n", "Line 1: There is no header: the file is empty."),
            ("phone,text\n+1,a\n", "Line 1: There is no column 'to'. The header has: phone, text."),
            ("\nto,text,text\n", "Line 2: The header has the column 'text' 2 times."),
            ("to,te\0xt\n", "Line 1: The header has a NUL character."),
            ('to,text\n+1,a\n+1,"b\n+1,c\n', "Line 3: A quote opens in this row and is closed nowhere."),
            ('to,text\n+1,"b"c\n', "Line 2: A cell goes on after its closing quote;"),
            ("to,text\n+1," + "x" * 200_000 + "\n", "Line 2: A cell is longer than 131,072 characters;"),
            ("to,text\n+1," + "x" * 1_000_001, "Line 2: It is longer than 1,000,000 characters."),
        ],
    )
    def test_what_cannot_be_read_is_told_with_its_line_and_nothing_is_stored(
        self, refused: Refused, world: World, file: MakeFile, text: str, told: str
    ) -> None:
        assert refused("messages", "import", file(text)).startswith(f"Error: {told}")
        assert world.count(Message) == 0

    def test_what_is_not_utf_8_is_told_with_its_line_and_nothing_is_stored(
        self, refused: Refused, world: World, file: MakeFile
    ) -> None:
        path = file("to,text\n" + numbers(CHUNK) + "+1234567890,naïve\n", "latin-1")

        assert f"Line {CHUNK + 2}: It is not UTF-8." in refused("messages", "import", path)
        assert world.count(Message) == 0

    def test_a_file_that_is_not_there_is_a_matter_of_usage(self, refused: Refused, tmp_path: Path) -> None:
        assert "does not exist" in refused("messages", "import", str(tmp_path / "none.csv"), code=2)

    @pytest.mark.parametrize("delimiter", ["", "::", '"', "\n"])
    def test_a_delimiter_is_one_character(self, refused: Refused, file: MakeFile, delimiter: str) -> None:
        assert "one character" in refused(
            "messages", "import", file("to\n"), "--delimiter", delimiter, code=2
        )


class TestRefusals:
    """Rows that cannot be sent."""

    @pytest.mark.parametrize(
        ("row", "told"),
        [
            ("12,Hello", "to: Invalid phone number format Expected: E.164"),
            (",Hello", "to: Missing data for required field."),
            ("+1234567890,", "type: The message has no known type."),
            ("+1234567890,a,b", "The row has 3 cells and the header 2."),
            ("+1234567890", "The row has 1 cells and the header 2."),
            ("+1234567890,a\0b", "text: The cell has a NUL character."),
        ],
    )
    def test_a_row_is_refused_in_words_and_the_others_are_stored(
        self, run: Run, world: World, file: MakeFile, row: str, told: str
    ) -> None:
        path = file(f'to,text\n+1234567891,"two\nlines"\n{row}\n+1234567892,Bye\n')

        result = run("messages", "import", path, fails=True)

        assert result.exit_code == 1
        assert counts(result) == ["2", "1", "0"]
        assert f"Line 4: {told}" in result.stderr
        assert world.count(Message) == 2

    @pytest.mark.parametrize(
        ("header", "row", "told"),
        [
            ("to,text,", "+1234567890,a,b", "There is a value in a column without a name."),
            ("to,text,name", "+1234567890,a,b", "name: Only a template message has variables."),
            ("to,type,text", "+1234567890,fax,a", "type: The message has no known type."),
            ("to,text,expires_in", "+1234567890,a,soon", "expires_in: Not a valid integer."),
            ("to,text,send_at", "+1234567890,a,2020-01-01T00:00:00Z", "send_at: send_at lies in the past."),
            ("to,template_name", "+1234567890,a", "language: Missing data for required field."),
            ("to,template_name,language", "+1234567890,a,en", "There is no template 'a'"),
            (
                "to,template_name,language,customer_name,order_id,name",
                "+1234567890,order_confirmation,en,Ann,7,x",
                "total: The variable 'total' is missing.",
            ),
        ],
    )
    def test_the_reason_names_the_column(
        self, run: Run, world: World, file: MakeFile, header: str, row: str, told: str
    ) -> None:
        result = run("messages", "import", file(f"{header}\n{row}\n"), fails=True)

        assert result.exit_code == 1
        assert f"Line 2: {told}" in result.stderr
        assert world.count(Message) == 0

    def test_only_the_first_are_told_one_by_one(self, run: Run, file: MakeFile) -> None:
        result = run("messages", "import", file("to,text\n" + "12,Hello\n" * 25), fails=True)

        assert result.stderr.count("Invalid phone number format") == 10
        assert "... and 15 more. --rejects FILE writes them all." in result.stderr

    def test_all_are_written_with_line_code_and_reason(
        self, run: Run, file: MakeFile, tmp_path: Path
    ) -> None:
        rejects = tmp_path / "rejects.csv"
        path = file('to;text\n+1234567890;Hello\n12;"=1\n;+1"\n+1234567891;a;b\n')

        told = run("messages", "import", path, "--rejects", str(rejects), fails=True)

        with rejects.open(newline="", encoding="utf-8") as written:
            header, *rows = csv.reader(written, delimiter=";")
        assert header == ["refused_line", "refused_code", "refused_reason", "to", "text"]
        assert [(row[0], row[1], row[3:]) for row in rows] == [
            ("3", "VALIDATION_ERROR", ["12", "=1\n;+1"]),
            ("5", "VALIDATION_ERROR", ["+1234567891", "a", "b"]),
        ]
        assert rows[0][2].startswith("to: Invalid phone number format")
        assert f"The refused rows are in {rejects}." in told.stdout

    def test_the_file_of_refused_rows_can_be_mended_and_imported(
        self, run: Run, world: World, file: MakeFile, tmp_path: Path
    ) -> None:
        first, second = tmp_path / "first.csv", tmp_path / "second.csv"
        run("messages", "import", file("to,text\n12,Hello\n13,Bye\n"), "--rejects", str(first), fails=True)
        first.write_text(first.read_text().replace(",12,", ",+1234567890,"))

        run("messages", "import", str(first), "--rejects", str(second), fails=True)

        assert world.message().recipient == "+1234567890"
        assert second.read_text().splitlines()[0] == "refused_line,refused_code,refused_reason,to,text"
        assert second.read_text().splitlines()[1].endswith(",13,Bye")

    def test_it_is_not_written_over_the_file_that_is_read(self, refused: Refused, file: MakeFile) -> None:
        path = file("to,text\n12,Hello\n")

        assert "another file" in refused("messages", "import", path, "--rejects", path, code=2)

    def test_a_file_of_refused_rows_that_cannot_be_written_is_told_before_anything_is_stored(
        self, refused: Refused, world: World, file: MakeFile, tmp_path: Path
    ) -> None:
        path = file("to,text\n+1234567890,Hello\n")

        told = refused("messages", "import", path, "--rejects", str(tmp_path / "none" / "x.csv"))

        assert "cannot be written" in told
        assert world.count(Message) == 0


class TestDryRun:
    """``--dry-run``"""

    def test_all_is_checked_and_nothing_stored(self, run: Run, world: World, file: MakeFile) -> None:
        path = file("to,text\n+1234567890,Hello\n12,Hello\n")

        result = run("messages", "import", path, "--dry-run", fails=True)

        assert result.exit_code == 1
        assert result.stdout.split()[0] == "VALID"
        assert counts(result) == ["1", "1", "0"]
        assert "Nothing was stored." in result.stdout
        assert world.count(Message) == world.count(IdempotencyRecord) == 0

    def test_the_import_after_it_stores_all(self, run: Run, world: World, file: MakeFile) -> None:
        path = file("to,text\n" + numbers(2))
        run("messages", "import", path, "--dry-run")

        assert counts(run("messages", "import", path)) == ["2", "0", "0"]


@pytest.mark.parametrize(
    ("config", "who"),
    [
        ({"WAAPI_BACKGROUND_THREAD": True}, "the serving processes or `flask waapi worker`"),
        (
            {"WAAPI_BACKGROUND_THREAD": True, "WAAPI_DISPATCH": "thread"},
            "the serving processes or `flask waapi worker`",
        ),
        ({"WAAPI_BACKGROUND_THREAD": False}, "`flask waapi worker`"),
        ({"WAAPI_DISPATCH": "worker"}, "`flask waapi worker`"),
        ({"WAAPI_DISPATCH": "celery"}, "the Celery workers"),
    ],
)
def test_the_end_says_who_will_send(
    run: Run, make_world: MakeWorld, file: MakeFile, config: dict[str, object], who: str
) -> None:
    told = run("messages", "import", file("to,text\n+1234567890,Hello\n"), world=make_world(**config))

    assert f"They are sent by {who}.\n" in told.stdout
