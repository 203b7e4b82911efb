"""Reading goes on where it stopped: the same file twice has no effect, and rotation loses nothing."""

import gzip
import os
import shutil
from pathlib import Path

import pytest

from soc_core.stages.intake.position import Position
from soc_core.stages.intake.reading import Reader


def lines(start: int, stop: int) -> bytes:
    return b"".join(b"Nov 23 11:00:00 web1 app[1]: event number %d of many\n" % number for number in range(start, stop))


class Shelf:
    """The cursors as a store would keep them, and the messages and ids that came."""

    def __init__(self, clock) -> None:
        self.clock = clock
        self.saved: dict[str, str] = {}
        self.messages: list[str] = []
        self.ids: list[str | None] = []

    def take(self, batches) -> int:
        before = len(self.messages)
        for batch in batches:
            self.messages += [event.message for event in batch.events]
            self.ids += [event.id for event in batch.events]
            if batch.cursor and batch.position:
                self.saved[batch.cursor] = batch.position
        return len(self.messages) - before

    def run(self, *paths: Path) -> int:
        return self.take(Reader([str(path) for path in paths], clock=self.clock, saved=self.saved))

    def follow(self, stop, *paths: Path) -> int:
        return self.take(Reader([str(path) for path in paths], clock=self.clock, saved=self.saved).follow(stop))

    def numbers(self) -> list[int]:
        return [int(message.split()[2]) for message in self.messages]


@pytest.fixture
def shelf(clock) -> Shelf:
    return Shelf(clock)


@pytest.mark.parametrize("size", [1, 3, 100])
def test_the_same_file_read_twice_gives_nothing_the_second_time(tmp_path, shelf, size):
    log = tmp_path / "a.log"
    log.write_bytes(lines(0, size))
    assert (shelf.run(log), shelf.run(log)) == (size, 0)


@pytest.mark.parametrize("size", [1, 3, 100])
def test_a_file_that_grew_gives_its_new_lines_only(tmp_path, shelf, size):
    log = tmp_path / "a.log"
    log.write_bytes(lines(0, size))
    shelf.run(log)
    with log.open("ab") as growing:
        growing.write(lines(size, size + 50))
    assert shelf.run(log) == 50
    assert shelf.numbers() == list(range(size + 50))
    assert len(set(shelf.ids)) == size + 50


def test_a_renamed_file_is_known_again(tmp_path, shelf):
    log = tmp_path / "a.log"
    log.write_bytes(lines(0, 100))
    shelf.run(log)
    renamed = log.rename(tmp_path / "a.log.1")
    log.write_bytes(lines(100, 150))
    assert shelf.run(renamed) == 0
    assert shelf.run(log) == 50


def test_a_copy_and_a_compressed_copy_are_known_again_and_give_what_is_new(tmp_path, shelf):
    log = tmp_path / "a.log"
    log.write_bytes(lines(0, 100))
    shelf.run(log)
    copy = Path(shutil.copy(log, tmp_path / "copy.log"))
    assert shelf.run(copy) == 0
    packed = tmp_path / "a.log.2.gz"
    packed.write_bytes(gzip.compress(lines(0, 120)))
    assert shelf.run(packed) == 20
    assert shelf.run(packed) == 0


def test_the_same_content_has_the_same_ids_without_any_saved_position(tmp_path, clock):
    log, packed = tmp_path / "a.log", tmp_path / "a.log.gz"
    log.write_bytes(lines(0, 100))
    packed.write_bytes(gzip.compress(lines(0, 100)))
    one, two = Shelf(clock), Shelf(clock)
    one.run(log)
    two.run(packed)
    assert one.ids == two.ids


def test_a_truncated_file_starts_at_the_beginning(tmp_path, shelf):
    log = tmp_path / "a.log"
    log.write_bytes(lines(0, 100))
    shelf.run(log)
    log.write_bytes(lines(200, 210))
    assert shelf.run(log) == 10


def test_another_file_under_the_name_starts_at_the_beginning_even_if_it_is_longer(tmp_path, shelf):
    log = tmp_path / "a.log"
    log.write_bytes(lines(0, 100))
    shelf.run(log)
    log.unlink()
    log.write_bytes(lines(500, 800))
    assert shelf.run(log) == 300


def test_two_logs_that_begin_alike_are_told_apart_by_what_was_read_last(tmp_path, shelf):
    banner = b"=" * 2000 + b"\n"
    one, two = tmp_path / "one.log", tmp_path / "two.log"
    one.write_bytes(banner + lines(0, 10))
    two.write_bytes(banner + lines(900, 950))
    assert shelf.run(one) == 11
    assert shelf.run(two) == 51
    assert len(set(shelf.ids[1:11] + shelf.ids[12:])) == 60


def test_an_interrupted_reading_goes_on_behind_the_last_stored_batch(tmp_path, shelf):
    log = tmp_path / "a.log"
    log.write_bytes(lines(0, 20_000))
    batches = iter(Reader([str(log)], clock=shelf.clock))
    shelf.take([next(batches), next(batches)])
    assert 0 < len(shelf.messages) < 20_000
    shelf.run(log)
    assert shelf.numbers() == list(range(20_000))


def test_a_position_survives_its_text_and_a_broken_one_means_the_beginning(tmp_path, shelf):
    log = tmp_path / "a.log"
    log.write_bytes(lines(0, 3))
    shelf.run(log)
    ((name, text),) = shelf.saved.items()
    position = Position.of(text)
    assert position is not None
    assert position.text() == text
    assert (position.offset, position.line) == (log.stat().st_size, 4)
    for broken in ("", "{}", "not json", text.replace(f'"offset":{position.offset}', '"offset":-1')):
        shelf.saved[name] = broken
        assert shelf.run(log) == 3


def append(log: Path, data: bytes):
    def step() -> None:
        with log.open("ab") as growing:
            growing.write(data)

    return step


def test_following_takes_lines_as_they_come_and_waits_for_the_end_of_a_line(tmp_path, shelf, script):
    log = tmp_path / "a.log"
    log.write_bytes(lines(0, 2))
    half = lines(2, 3)
    seen: list[int] = []
    steps = [
        append(log, half[:20]),
        lambda: seen.append(len(shelf.messages)),
        append(log, half[20:] + lines(3, 5)),
    ]
    shelf.follow(script(steps), log)
    assert seen == [2]
    assert shelf.numbers() == [0, 1, 2, 3, 4]


def test_following_survives_rotation_by_rename(tmp_path, shelf, script):
    log = tmp_path / "a.log"
    log.write_bytes(lines(0, 5))

    def rotate() -> None:
        append(log, lines(5, 7))()  # written just before the rename, not seen yet
        log.rename(tmp_path / "a.log.1")
        log.write_bytes(lines(7, 9))

    shelf.follow(script([rotate, append(log, lines(9, 12))]), log)
    assert shelf.numbers() == list(range(12))
    assert len(set(shelf.ids)) == 12


def test_following_waits_between_the_rename_and_the_new_file(tmp_path, shelf, script):
    log = tmp_path / "a.log"
    log.write_bytes(lines(0, 5))
    steps = [
        lambda: log.rename(tmp_path / "a.log.1"),
        append(tmp_path / "a.log.1", lines(5, 6)),  # the program has not reopened its log
        lambda: log.write_bytes(lines(6, 8)),
    ]
    shelf.follow(script(steps), log)
    assert shelf.numbers() == list(range(8))


def test_following_survives_copytruncate_even_when_the_log_outgrows_its_old_size(tmp_path, shelf, script):
    log = tmp_path / "a.log"
    log.write_bytes(lines(0, 5))

    def truncate_and_outgrow() -> None:
        os.truncate(log, 0)
        append(log, lines(100, 120))()

    shelf.follow(script([lambda: os.truncate(log, 0), append(log, lines(5, 8)), truncate_and_outgrow]), log)
    assert shelf.numbers() == [*range(8), *range(100, 120)]


def test_following_again_after_a_rotation_reads_the_rest_of_the_old_file_first(tmp_path, shelf, script):
    log = tmp_path / "a.log"
    log.write_bytes(lines(0, 5))
    shelf.follow(script([]), log)
    append(log, lines(5, 8))()
    log.rename(tmp_path / "a.log.1")
    log.write_bytes(lines(8, 10))
    shelf.follow(script([]), log)
    assert shelf.numbers() == list(range(10))


def test_two_logs_are_followed_at_once(tmp_path, shelf, script):
    one, two = tmp_path / "one.log", tmp_path / "two.log"
    one.write_bytes(lines(0, 2))
    two.write_bytes(b"")
    shelf.follow(script([append(two, lines(2, 4)), append(one, lines(4, 5))]), one, two)
    assert shelf.numbers() == [0, 1, 2, 3, 4]


def test_following_stops_between_two_blocks_and_goes_on_there(tmp_path, shelf, script):
    log = tmp_path / "a.log"
    log.write_bytes(lines(0, 20_000))
    stop = script([])
    for batch in Reader([str(log)], clock=shelf.clock).follow(stop):
        shelf.take([batch])
        stop.wait()
    assert 0 < len(shelf.messages) < 20_000
    shelf.run(log)
    assert shelf.numbers() == list(range(20_000))
