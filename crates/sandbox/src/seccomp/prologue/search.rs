//! A search by halves as a program.
//!
//! It is written from its end to its beginning, because jumps go forwards only: what a jump leads to is there already, and a place
//! is known by how many instructions follow it. Invariant: no jump is longer than its eight bits can say.

use seccompiler::sock_filter;

use super::{Cut, answer, instruction, jump};

/// The farthest that a place is jumped to directly.
const NEAR: usize = 240;

/// From the first cut, which is at 0, up. Numbers without an answer leave it at its end.
pub(super) fn program(cuts: &[Cut]) -> Vec<sock_filter> {
    let mut backwards = Backwards { program: Vec::new(), answers: Vec::new() };
    let begin = backwards.search(cuts);
    backwards.jump_to(begin);
    backwards.program.reverse();
    backwards.program
}

/// How many instructions follow: 0 is the end.
type Place = usize;

struct Backwards {
    program: Vec<sock_filter>,
    /// Each answer's latest place.
    answers: Vec<(u32, Place)>,
}

impl Backwards {
    fn search(&mut self, cuts: &[Cut]) -> Place {
        let (below, above) = cuts.split_at(cuts.len() / 2);
        let Some((start, verdict)) = above.first() else { return 0 };
        if below.is_empty() {
            return verdict.map_or(0, |verdict| self.answer(verdict));
        }
        let (yes, no) = (self.search(above), self.search(below));
        let (yes, no) = (self.near(yes), self.near(no));
        let distance = |place: Place| (self.program.len() - place) as u8;
        let step = jump(libc::BPF_JGE, *start, distance(yes), distance(no));
        self.push(step)
    }

    /// One that is near enough, or a new one.
    fn answer(&mut self, verdict: u32) -> Place {
        let found = self.answers.iter().rev().find(|(known, _)| *known == verdict);
        match found {
            Some((_, place)) if self.program.len() - place < NEAR => *place,
            _ => {
                let place = self.push(answer(verdict));
                self.answers.push((verdict, place));
                place
            }
        }
    }

    /// The place itself, or a longer jump to it.
    fn near(&mut self, place: Place) -> Place {
        if self.program.len() - place < NEAR { place } else { self.jump_far(place) }
    }

    fn jump_far(&mut self, place: Place) -> Place {
        let distance = (self.program.len() - place) as u32;
        self.push(instruction(libc::BPF_JMP | libc::BPF_JA, 0, 0, distance))
    }

    /// Makes a place the beginning.
    fn jump_to(&mut self, place: Place) {
        if place != self.program.len() {
            self.jump_far(place);
        }
    }

    fn push(&mut self, step: sock_filter) -> Place {
        self.program.push(step);
        self.program.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the program answers to a number.
    fn run(program: &[sock_filter], number: u32) -> Option<u32> {
        let mut position = 0;
        while let Some(step) = program.get(position) {
            position += 1;
            match u32::from(step.code) {
                code if code == libc::BPF_RET | libc::BPF_K => return Some(step.k),
                code if code == libc::BPF_JMP | libc::BPF_JA => position += step.k as usize,
                _ => position += usize::from(if number >= step.k { step.jt } else { step.jf }),
            }
        }
        assert_eq!(position, program.len(), "it leaves at its end");
        None
    }

    fn expected(cuts: &[Cut], number: u32) -> Option<u32> {
        cuts.iter().rev().find(|(start, _)| *start <= number).and_then(|(_, verdict)| *verdict)
    }

    #[test]
    fn one_cut_is_the_whole() {
        assert_eq!(run(&program(&[(0, None)]), 7), None);
        assert_eq!(run(&program(&[(0, Some(5))]), 7), Some(5));
    }

    proptest::proptest! {
        #[test]
        fn each_number_gets_the_answer_of_the_last_cut_below(
            steps in proptest::collection::vec((1u32..4, proptest::option::of(0u32..3)), 0..2000),
        ) {
            let mut cuts = vec![(0, None)];
            for (step, verdict) in steps {
                cuts.push((cuts.last().map_or(0, |(start, _)| *start) + step, verdict));
            }
            let program = program(&cuts);
            for number in 0..cuts.last().map_or(0, |(start, _)| *start) + 2 {
                proptest::prop_assert_eq!(run(&program, number), expected(&cuts, number));
            }
        }
    }
}
