"""Settings: every limit of a running node in one table, with its unit and its reason.

Code reads ``SETTINGS.frame_bytes_max``; people read ``table()``. A limit of the runtime
lives here and nowhere else. What is below it stands at the head of a pure module, or
is given as an argument (``journal_limits`` for the journal).

Names end in their unit. None of these is changed at run time; a test or a bench that
needs others makes them with ``dataclasses.replace``.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import TypeVar

from beaconfire.journal.streams import JournalLimits
from beaconfire.vocabulary.link import WINDOW_MESSAGES

T = TypeVar("T", int, float)


@dataclass(frozen=True, slots=True)
class Setting:
    """One row of the table."""

    name: str
    value: int | float
    unit: str
    reason: str


def limit(value: T, unit: str, reason: str) -> T:
    """Return the field that holds ``value`` and says its unit and reason."""
    # Typed as its value, as dataclasses.field is: the field never outlives the class.
    row: T = field(default=value, metadata={"unit": unit, "reason": reason})
    return row


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The limits. Grouped by what they bound; the reason stands beside each."""

    # The journal
    frame_bytes_max: int = limit(
        256 * 1024, "bytes", "one fsync a frame; a quarter of what a server takes"
    )
    turn_bytes_max: int = limit(
        64 * 1024 * 1024, "bytes", "a turn is read back whole into memory"
    )
    ack_s_max: float = limit(
        2.0, "s", "far beyond any fsync; later the answer counts as lost"
    )
    settle_tries: int = limit(
        5, "times", "each try ends stored, not stored, or without an answer"
    )
    connect_tries: int = limit(
        24, "times", "about 20 s: a server with a million turns is back within 2 s"
    )
    connect_pause_s_max: float = limit(
        1.0, "s", "pauses double from 1/32 of this, so a quick restart costs little"
    )
    read_frames_max: int = limit(
        256, "frames", "one request; enough that asking costs less than reading"
    )
    read_bytes_max: int = limit(
        4 * 1024 * 1024, "bytes", "what one request may bring into memory"
    )
    checkpoint_bytes_max: int = limit(
        256 * 1024 * 1024, "bytes", "a state is read back whole into memory"
    )
    progress_turns: int = limit(
        20_000, "turns", "a line every one or two seconds of a long walk"
    )
    checkpoints_kept: int = limit(
        3, "states", "the newest, one more if it is damaged, and one to spare"
    )

    # The servers
    server_payload_bytes_max: int = limit(
        1024 * 1024, "bytes", "the largest message a server takes; its own default"
    )
    server_memory_store_bytes_max: int = limit(
        64 * 1024 * 1024, "bytes", "the journal's server keeps nothing in memory alone"
    )
    server_ready_s_max: float = limit(
        60.0, "s", "a start takes 15 ms, behind a killed one with 1 GB of turns 2 s"
    )
    server_poll_s: float = limit(0.005, "s", "how often a starting server is asked")
    server_stop_s_max: float = limit(
        5.0, "s", "then it is killed; all that it answered for is fsynced"
    )
    server_log_bytes_max: int = limit(
        4 * 1024 * 1024, "bytes", "then a new log file is begun"
    )
    server_restarts_max: int = limit(
        5, "times", "of one node's server that ended by itself; then look at its log"
    )
    log_tail_bytes: int = limit(
        16_384, "bytes", "of a server that does not start: why, stands at the end"
    )
    server_logs_kept: int = limit(3, "files", "enough to see what led to a failure")
    server_connections_max: int = limit(
        64, "connections", "a node's own processes and sensors, and some more"
    )

    # The loop
    own_inputs_in_a_row_max: int = limit(
        16, "inputs", "a quarter of a frame; then one of a partner's that waits"
    )
    inputs_max: int = limit(
        20_000, "inputs", "100 s of the busiest night planned for; then say so"
    )
    frame_turns_max: int = limit(
        64, "turns", "a frame must not keep its first input waiting for its last"
    )
    door_bytes_max: int = limit(
        256 * 1024,
        "bytes",
        "a scan of 400 lines takes 160 kB; an order a few hundred bytes",
    )
    door_answer_s_max: float = limit(
        5.0, "s", "an answer takes milliseconds; then the node is taken to be stopped"
    )
    door_pause_s: float = limit(
        0.2, "s", "between tries to reach the node's own server"
    )
    progress_s: float = limit(2.0, "s", "how often long work says that it goes on")
    checkpoint_turns_max: int = limit(
        2_000, "turns", "folding as many takes about 1 s, well below what a start may"
    )
    checkpoint_s_max: float = limit(60.0, "s", "between two, while turns are made")
    copy_s_max: float = limit(
        20.0, "s", "a copy of the node encodes 100 MB a second; then it hangs"
    )
    turn_entries_max: int = limit(
        20_000, "entries", "a busy turn has dozens; then two stages answer for ever"
    )
    late_turns_max: int = limit(
        1_000, "turns", "stored while a checkpoint is on its way to its own entry"
    )
    step_s_max: float = limit(
        1.0, "s", "a clock further off from its own past has stepped"
    )
    steady_s: float = limit(
        60.0, "s", "then a clock that stepped is believed: they step once and then slew"
    )
    clock_check_s: float = limit(1.0, "s", "how soon a stepped clock is found")
    due_check_s: float = limit(0.25, "s", "how late an expiry may be noticed")
    ticks_a_check_max: int = limit(
        50, "ticks", "long work (a mass withdrawal) is done a tick at a time"
    )
    stop_s_max: float = limit(5.0, "s", "how long a child may take to end")
    node_stop_s_max: float = limit(
        25.0, "s", "all children and a checkpoint; then it waits for what never comes"
    )

    # The files
    disk_low_bytes: int = limit(
        256 * 1024 * 1024, "bytes", "left: an hour of one partner's worst, to make room"
    )
    disk_full_bytes: int = limit(
        1024 * 1024,
        "bytes",
        "left: less than a few frames, a checkpoint and a log take",
    )
    config_bytes_max: int = limit(
        262_144, "bytes", "256 sensors with long lists take about 100 kB"
    )
    key_file_bytes_max: int = limit(
        4_096, "bytes", "a private key and its certificate take about 1 kB"
    )
    signature_bytes_max: int = limit(
        4_096, "bytes", "beside a text: one signature and its names, some 300 bytes"
    )
    texts_max: int = limit(
        256, "texts", "of one directory; a nation has a handful of agreements"
    )
    journal_line_bytes_max: int = limit(
        4 * 1024 * 1024, "bytes", "an item or an estimate in it is far smaller"
    )
    journal_file_bytes_max: int = limit(
        64 * 1024 * 1024 * 1024, "bytes", "an export, read by the line: ten bad days"
    )
    journal_kept_max: int = limit(
        500_000, "entries", "of an export that a command keeps: 1 GB of memory or so"
    )

    # The solver
    solver_ready_s_max: float = limit(
        240.0, "s", "a first compilation takes some 30 s on two busy cores"
    )
    solve_s_max: float = limit(20.0, "s", "a solve takes milliseconds; then it hangs")
    solve_interval_s: float = limit(
        0.5, "s", "of the wall: at most two solves a second, launch and product"
    )
    solver_starts_max: int = limit(5, "times", "a solver that keeps dying is a defect")

    # The border and the link
    window_messages_max: int = limit(
        WINDOW_MESSAGES,
        "messages",
        "of one lane without a receipt; what a purge cannot call back",
    )
    link_payload_bytes_max: int = limit(
        512 * 1024, "bytes", "256 KiB of items, in base64 and with their header"
    )
    receipt_bytes_max: int = limit(
        192 * 1024, "bytes", "a signed receipt that names a window of unused items"
    )
    receipts_waiting_max: int = limit(
        64, "receipts", "of one partner, while one is stored; it repeats the others"
    )
    told_again_s: float = limit(
        60.0, "s", "between two lines of one trouble; a partner may cause it for ever"
    )
    news_lines_max: int = limit(
        6, "lines", "of one kind in a window: all kinds together fill no small terminal"
    )
    news_window_s: float = limit(
        10.0, "s", "in which lines of news are counted; the count follows when it ends"
    )
    news_waiting_max: int = limit(
        10_000, "pieces", "a reader that has stopped; what is beyond is counted"
    )
    border_memory_bytes_max: int = limit(
        1024 * 1024 * 1024, "bytes", "every window of 32 partners full, and some more"
    )
    border_pending_bytes_max: int = limit(
        8 * 1024 * 1024, "bytes", "unread by one partner; then its line is cut"
    )
    partners_max: int = limit(
        32, "partners", "cards kept; the memory of the border is planned for as many"
    )
    partner_connections_max: int = limit(
        4, "connections", "of one partner: an old one, its successor, and the probe"
    )
    partner_subscriptions_max: int = limit(
        32, "subscriptions", "of one partner; a node of ours uses seven"
    )
    border_reloads_max: int = limit(
        3, "times", "a new account's imports answer from the second reload on"
    )
    border_answer_s_max: float = limit(
        2.0, "s", "of our own border on loopback; it takes less than 1 ms"
    )
    redelivery_s: float = limit(
        2.0, "s", "a message not acknowledged is sent again; a commit takes 1 ms"
    )
    ack_pause_s: float = limit(
        0.02, "s", "those of a pause leave together; a hundredth of a redelivery"
    )
    acks_waiting_max: int = limit(
        96, "messages", "three lanes' windows; an honest border has no more on the way"
    )
    pull_batch: int = limit(
        256, "messages", "one request; the window, not this, bounds what is on the way"
    )
    pull_expires_s: float = limit(
        4.0, "s", "for so long a killed reader's request still swallows messages"
    )
    pull_heartbeat_s: float = limit(
        1.5, "s", "of an idle pull; one that is silent for two of them is lost"
    )
    pull_buffer_messages_max: int = limit(
        64, "messages", "of one lane not yet taken; twice what an honest border sends"
    )
    handed_bytes_max: int = limit(
        4 * 1024 * 1024, "bytes", "of one partner given to the loop and not yet stored"
    )
    refused_text_bytes_max: int = limit(
        16 * 1024, "bytes", "of what is no link message; else its size and digest"
    )
    refused_bytes_a_s_max: int = limit(
        64 * 1024, "bytes/s", "of one partner in the long run: 6 GB of journal a day"
    )
    link_connect_s_max: float = limit(
        5.0, "s", "to connect, shake hands and be answered, across an ocean"
    )
    link_close_s_max: float = limit(
        2.0, "s", "to take leave of a border; then the line is dropped"
    )
    link_ping_s: float = limit(2.0, "s", "two unanswered, and the line is down")
    link_pause_s_min: float = limit(0.1, "s", "before a line is tried again; doubles")
    link_pause_s_max: float = limit(5.0, "s", "so that a restored line is soon used")
    receipt_answer_s_max: float = limit(
        2.0, "s", "the partner answers once the receipt is stored"
    )
    receipt_pause_s: float = limit(
        0.04, "s", "each is a turn of the partner's journal; at 200 a second it has 8"
    )
    pause_messages_max: int = limit(
        8, "messages", "a quarter of a window: so many and the pause of either ends"
    )
    receipt_tries: int = limit(3, "times", "then the caller decides")


SETTINGS = Settings()


def table(settings: Settings = SETTINGS) -> Iterator[Setting]:
    """Yield every limit with its unit and reason, in the order of the class."""
    for row in fields(settings):
        yield Setting(
            name=row.name,
            value=getattr(settings, row.name),
            unit=row.metadata["unit"],
            reason=row.metadata["reason"],
        )


def journal_limits(settings: Settings = SETTINGS) -> JournalLimits:
    """Return the limits that the journal is given."""
    return JournalLimits(
        frame_bytes_max=settings.frame_bytes_max,
        turn_bytes_max=settings.turn_bytes_max,
        ack_s_max=settings.ack_s_max,
        settle_tries=settings.settle_tries,
        connect_tries=settings.connect_tries,
        connect_pause_s_max=settings.connect_pause_s_max,
        read_frames_max=settings.read_frames_max,
        read_bytes_max=settings.read_bytes_max,
        checkpoint_bytes_max=settings.checkpoint_bytes_max,
        checkpoints_kept=settings.checkpoints_kept,
    )
