//! As much of DNS messages as answering for oneself and handing on take: the twelve bytes of the header.
//!
//! Invariant: nothing after the header is looked at, so that nothing there can do harm.

/// Bytes of the header: id, flags and four counts. Source: RFC 1035, 4.1.1.
pub(super) const HEADER: usize = 12;

/// In the third byte: this is a response.
const RESPONSE: u8 = 0x80;
/// In the third byte: the kind of query, 0 for a question.
const KIND: u8 = 0x78;
/// In the fifth and sixth byte: how many questions there are.
const ONE: [u8; 2] = [0, 1];
/// In the third byte: the kind of query, and whether recursion is desired. An answer repeats both.
const REPEATED: u8 = 0x79;
/// In the fourth byte: recursion is available.
const RECURSION_AVAILABLE: u8 = 0x80;

/// How a query is answered that gets no answer of another server. Source: RFC 1035, 4.1.1 (RCODE).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Code {
    /// Something went wrong on the way.
    ServerFailure = 2,
    /// There is no such name.
    NoSuchName = 3,
    /// Queries of that kind are not answered.
    NotImplemented = 4,
}

/// Whether somebody asks something.
pub(super) fn is_query(message: &[u8]) -> bool {
    message.len() >= HEADER && message[2] & RESPONSE == 0
}

/// Whether a query may reach the operator's resolver: one question. Changes of a zone and words about one (RFC 2136, RFC 1996)
/// would come to it from the host's own address, which it may trust with them.
pub(super) fn is_question(query: &[u8]) -> bool {
    is_query(query) && query[2] & KIND == 0 && query[4..6] == ONE
}

/// Whether this answers the query of that id.
pub(super) fn answers(message: &[u8], id: [u8; 2]) -> bool {
    message.len() >= HEADER && message[2] & RESPONSE != 0 && message[..2] == id
}

/// Makes a query the answer to it: the question stays, and it is what a client knows an answer by.
pub(super) fn answer(query: &mut [u8], code: Code) {
    query[2] = query[2] & REPEATED | RESPONSE;
    query[3] = RECURSION_AVAILABLE | code as u8;
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// `a.` of type A, recursion desired, with a record of EDNS behind it.
    const QUERY: [u8; 30] = [
        0xAB, 0xCD, 0x01, 0x20, 0, 1, 0, 0, 0, 0, 0, 1, 1, b'a', 0, 0, 1, 0, 1, 0, 0, 41, 4, 208, 0, 0, 0, 0,
        0, 0,
    ];

    #[test]
    fn an_answer_keeps_everything_but_the_flags() {
        let mut message = QUERY;
        answer(&mut message, Code::NoSuchName);
        assert_eq!(message[..4], [0xAB, 0xCD, 0x81, 0x83]);
        assert_eq!(message[4..], QUERY[4..]);
        assert!(!is_query(&message));
    }

    #[test]
    fn only_a_single_question_may_be_handed_on() {
        assert!(is_question(&QUERY));
        assert!(!is_question(&QUERY[..11]));
        let with = |place: usize, byte: u8| {
            let mut message = QUERY;
            message[place] = byte;
            is_question(&message)
        };
        assert!(!with(2, 0x81), "an answer");
        // Inverse, status, notify, update, stateful, and those that nobody has defined.
        assert!((1..16u8).all(|kind| !with(2, kind << 3)));
        assert!(with(2, 0x00), "without recursion");
        assert!(!with(5, 0) && !with(5, 2) && !with(4, 1));
    }

    proptest! {
        #[test]
        fn every_query_gets_an_answer_that_is_none(mut message in proptest::collection::vec(any::<u8>(), 0..64)) {
            if is_query(&message) {
                let id = [message[0], message[1]];
                prop_assert!(!answers(&message, id));
                answer(&mut message, Code::NoSuchName);
                prop_assert!(answers(&message, id) && !is_query(&message));
                prop_assert_eq!(message[3] & 0xF, 3);
            }
        }
    }
}
