"""The checker follows every link by its own numbers, heads and receipts."""

from .books_checked import checked, find, remove
from .journals_made import GSOMIA, honest_books


def test_a_hole_in_the_senders_numbers_is_found():
    """Inside an epoch numbers have no holes: withdrawal acts before numbering."""
    books = honest_books()
    item = books.item("JPN", "track")
    sent = books.hand_over(books.release("JPN", item, "USA", "track"))
    sent["message"]["number"] += 1
    books.arrive(sent)
    books.receipt(sent)

    problems = checked(books).problems

    assert any(p.startswith("JPN to USA: tracks has 1/3 after 1/1") for p in problems)
    assert any(p.startswith("USA from JPN: tracks has 1/3 after 1/1") for p in problems)


def test_a_hole_in_what_the_recipient_took_is_found():
    """A message that never came cannot be stepped over."""
    books = honest_books()
    arrival = find(books, "JPN", "arrival", lane="plots", epoch=1, number=1)
    remove(books, "JPN", arrival)

    delivery = checked(books)

    assert any("plots has 1/2 after 1/0" in p for p in delivery.problems)


def test_an_epoch_that_does_not_end_at_its_head_is_found():
    """The old epoch's last number is named truly, or nobody can settle its window."""
    books = honest_books()
    find(books, "KOR", "epoch-end")["body"]["head"]["number"] = 1

    problems = checked(books).problems

    assert any("which is not its newest message" in p for p in problems)


def test_an_epoch_is_not_left_without_its_end():
    """A new epoch without an `epoch-end` is a hole like any other."""
    books = honest_books()
    remove(books, "KOR", find(books, "KOR", "epoch-end"))

    assert any("plots has 2/1 after 1/2" in p for p in checked(books).problems)


def test_a_message_of_another_text_is_found():
    """Both ends of a link must tell the same: the digest is in both journals."""
    books = honest_books()
    find(books, "JPN", "arrival", 0)["body"]["hash"] = "another"

    assert any("handed over another text" in p for p in checked(books).problems)


def test_a_hole_in_the_journal_itself_is_found():
    """Entries are numbered 1, 2, 3 …; a line cut out is seen."""
    books = honest_books()
    del books.journals["USA"][0]

    assert "the journal of USA has entry 2 after 0" in checked(books).problems


def test_a_missing_receipt_leaves_the_fate_unknown():
    """Handed over and not receipted is not delivered, whatever the recipient holds."""
    books = honest_books()
    remove(books, "KOR", find(books, "KOR", "receipt", 0))

    delivery = checked(books)

    assert delivery.sent_fate_unknown == 1
    assert delivery.receipts == delivery.delivered == 7
    assert delivery.sound  # it is accounted for …
    assert not delivery.settled  # … but live nodes would have settled it


def test_a_second_receipt_for_one_unit_is_found():
    """One unit, one receipt: a second one breaks the sum."""
    books = honest_books()
    books.write("KOR", "receipt", find(books, "KOR", "receipt", 0)["body"])

    delivery = checked(books)

    assert (delivery.delivered, delivery.receipts) == (8, 9)
    assert any("was delivered, and then delivered" in p for p in delivery.problems)


def test_a_receipt_that_the_recipient_never_gave_is_found():
    """The sender's word alone is not believed: the recipient must have signed."""
    books = honest_books()
    given = [
        e
        for e in books.journals["USA"]
        if e["kind"] == "receipt" and e["body"]["to"] == "USA"
    ]
    remove(books, "USA", *given)

    problems = checked(books).problems

    assert any("KOR has a receipt that USA did not give" in p for p in problems)


def test_what_the_recipient_refused_is_not_delivered_and_not_lost():
    """It ends as refused, by a receipt that names it; both journals say so."""
    books = honest_books()
    sent = books.hand_over(
        books.release("KOR", books.item("KOR", "track"), "USA", "track")
    )
    books.refuse(sent)
    books.receipt(sent, refused=True)

    delivery = checked(books)

    assert (delivery.refused, delivery.delivered) == (1, 8)
    assert delivery.settled


def test_a_refusal_that_the_recipient_does_not_know_of_is_found():
    """A sender does not excuse itself with a refusal that never was."""
    books = honest_books()
    sent = books.hand_over(
        books.release("KOR", books.item("KOR", "track"), "USA", "track")
    )
    books.arrive(sent)
    books.receipt(sent, refused=True)

    problems = checked(books).problems

    assert any("counts as refused, but USA did not refuse it" in p for p in problems)


def test_a_refused_item_that_counts_as_delivered_is_lost():
    """A receipt that keeps quiet about what was refused is no receipt for it."""
    books = honest_books()
    sent = books.hand_over(
        books.release("KOR", books.item("KOR", "track"), "USA", "track")
    )
    books.refuse(sent)
    books.receipt(sent)

    delivery = checked(books)

    assert delivery.lost == 1
    assert any("USA refused it, no" in p for p in delivery.problems)


def test_a_withdrawn_item_that_the_partner_has_is_found():
    """`Withdrawn` says that it will not be had: the partner's journal must agree."""
    books = honest_books()
    sent = books.hand_over(
        books.release("KOR", books.item("KOR", "track"), "USA", "track")
    )
    books.arrive(sent)
    books.end("withdrawal", sent["releases"][0])

    problems = checked(books).problems

    assert any("counts as withdrawn, but USA has it" in p for p in problems)


def test_use_after_a_known_suspension_is_found():
    """From the entry that tells of it, what comes under the agreement is set apart."""
    books = honest_books()
    sent = books.hand_over(
        books.release("KOR", books.item("KOR", "plots"), "JPN", "plots")
    )
    books.act("suspend", "JPN", GSOMIA, "JPN")
    books.arrive(sent)
    books.receipt(sent)

    problems = checked(books).problems

    assert any(f"used though `{GSOMIA}` was known" in p for p in problems)
