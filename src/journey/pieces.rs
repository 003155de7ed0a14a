//! How much of a packet has arrived: of one that was cut up, all pieces must have.

use super::ip_packet::Piece;

/// What has arrived.
#[derive(Default)]
pub(super) struct Pieces {
    known: Vec<Piece>,
    /// Whether it is all there.
    pub(super) whole: bool,
}

impl Pieces {
    /// All of these; nothing is a packet that was not cut up.
    pub(super) fn all(pieces: impl IntoIterator<Item = Option<Piece>>) -> Pieces {
        let mut all = Pieces::default();
        pieces.into_iter().for_each(|piece| all.add(piece));
        all
    }

    /// One more, which may have been there before.
    pub(super) fn add(&mut self, piece: Option<Piece>) {
        let Some(piece) = piece else {
            self.whole = true;
            return;
        };
        if !self.known.contains(&piece) {
            self.known.push(piece);
        }
        let last = self.known.iter().find(|piece| !piece.more);
        let total = last.map(|last| last.offset + last.len);
        let bytes: u32 = self.known.iter().map(|piece| piece.len).sum();
        self.whole |= total.is_some_and(|total| bytes >= total);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_is_there_when_its_last_piece_is_and_all_before() {
        let piece = |offset, len, more| Some(Piece { offset, len, more });
        let (first, last) = (piece(0, 1448, true), piece(1448, 532, false));
        assert!(Pieces::all([None]).whole);
        assert!(Pieces::all([last, first]).whole);
        assert!(!Pieces::all([first, first, first]).whole);
        assert!(!Pieces::all([last, last, last]).whole);
        assert!(!Pieces::all([]).whole);
    }
}
