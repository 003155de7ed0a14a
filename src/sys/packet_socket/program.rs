//! Programs of the classic packet filter, which the kernel runs on each packet before it is
//! queued (`Documentation/networking/filter.rst`).

use nix::libc;

/// One instruction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instruction {
    /// What to do, `BPF_` of `<linux/bpf_common.h>`.
    pub code: u16,
    /// Instructions to skip when a comparison holds.
    pub jt: u8,
    /// Instructions to skip when it does not.
    pub jf: u8,
    /// Its number: an offset, a constant, a place in memory.
    pub k: u32,
}

impl Instruction {
    pub(super) fn raw(&self) -> libc::sock_filter {
        libc::sock_filter {
            code: self.code,
            jt: self.jt,
            jf: self.jf,
            k: self.k,
        }
    }
}

/// Codes of the instructions that read, keep and end, as [`Program`] writes them and whoever runs
/// or translates one finds them.
pub(crate) mod code {
    use nix::libc;

    pub(crate) const LOAD_FACT: u32 = libc::BPF_LD | libc::BPF_W | libc::BPF_ABS;
    pub(crate) const LOAD_BYTE: u32 = libc::BPF_LD | libc::BPF_B | libc::BPF_IND;
    pub(crate) const LOAD_HALF: u32 = libc::BPF_LD | libc::BPF_H | libc::BPF_IND;
    pub(crate) const LOAD: u32 = libc::BPF_LD | libc::BPF_IMM;
    pub(crate) const RECALL: u32 = libc::BPF_LD | libc::BPF_MEM;
    pub(crate) const RECALL_X: u32 = libc::BPF_LDX | libc::BPF_MEM;
    pub(crate) const KEEP: u32 = libc::BPF_ST;
    pub(crate) const TO_X: u32 = libc::BPF_MISC | libc::BPF_TAX;
    pub(crate) const GO: u32 = libc::BPF_JMP | libc::BPF_JA;
    pub(crate) const RETURN: u32 = libc::BPF_RET | libc::BPF_K;
}

/// A place in a program that is jumped to, forwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Label(usize);

/// What the kernel knows of a packet beside its bytes (`SKF_AD_` of `<linux/filter.h>`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fact {
    /// Its EtherType.
    Protocol = 0,
    /// The kind of its device, `ARPHRD_`.
    Hardware = 28,
}

impl Fact {
    /// The fact that is loaded from this offset.
    pub(in crate::sys) fn of_offset(offset: u32) -> Option<Fact> {
        [Fact::Protocol, Fact::Hardware]
            .into_iter()
            .find(|fact| FACTS.wrapping_add(*fact as u32) == offset)
    }
}

const FACTS: u32 = libc::SKF_AD_OFF as u32;

/// Bytes of an accepted packet that are kept: all of them, 64 KB segments included.
const WHOLE: u32 = 256 * 1024;

/// Writes a program: an accumulator A, an index X, and sixteen places of memory.
#[derive(Debug, Default)]
pub struct Program {
    lines: Vec<Line>,
    labels: Vec<Option<usize>>,
}

/// An instruction whose jumps are not counted yet.
#[derive(Debug, Clone, Copy)]
struct Line {
    code: u32,
    k: u32,
    yes: Option<Label>,
    no: Option<Label>,
}

impl Program {
    /// A label to jump to, to be placed later.
    pub fn label(&mut self) -> Label {
        self.labels.push(None);
        Label(self.labels.len() - 1)
    }

    /// The next instruction is where `label` is.
    pub fn place(&mut self, label: Label) -> &mut Self {
        self.labels[label.0] = Some(self.lines.len());
        self
    }

    /// A = what the kernel knows.
    pub fn load_fact(&mut self, fact: Fact) -> &mut Self {
        self.line(code::LOAD_FACT, FACTS.wrapping_add(fact as u32))
    }

    /// A = the byte at X + `offset`.
    pub fn load_byte(&mut self, offset: u32) -> &mut Self {
        self.line(code::LOAD_BYTE, offset)
    }

    /// A = the big-endian 16-bit number at X + `offset`.
    pub fn load_half(&mut self, offset: u32) -> &mut Self {
        self.line(code::LOAD_HALF, offset)
    }

    /// A = `number`.
    pub fn load(&mut self, number: u32) -> &mut Self {
        self.line(code::LOAD, number)
    }

    /// A = the place of memory.
    pub fn recall(&mut self, place: u32) -> &mut Self {
        self.line(code::RECALL, place)
    }

    /// X = the place of memory.
    pub fn recall_x(&mut self, place: u32) -> &mut Self {
        self.line(code::RECALL_X, place)
    }

    /// The place of memory = A.
    pub fn keep(&mut self, place: u32) -> &mut Self {
        self.line(code::KEEP, place)
    }

    /// X = A.
    pub fn to_x(&mut self) -> &mut Self {
        self.line(code::TO_X, 0)
    }

    /// A = A `operation` `number`; the operation is a `BPF_` number of the ALU.
    pub fn calculate(&mut self, operation: u32, number: u32) -> &mut Self {
        self.line(libc::BPF_ALU | operation | libc::BPF_K, number)
    }

    /// A = A `operation` X. Division by zero rejects the packet.
    pub fn calculate_x(&mut self, operation: u32) -> &mut Self {
        self.line(libc::BPF_ALU | operation | libc::BPF_X, 0)
    }

    /// Jumps if A is `number`.
    pub fn if_equal(&mut self, number: u32, to: Label) -> &mut Self {
        self.jump(libc::BPF_JEQ | libc::BPF_K, number, Some(to), None)
    }

    /// Jumps if A has one of the bits of `mask`.
    pub fn if_any(&mut self, mask: u32, to: Label) -> &mut Self {
        self.jump(libc::BPF_JSET | libc::BPF_K, mask, Some(to), None)
    }

    /// Jumps if A is X or more.
    pub fn if_at_least_x(&mut self, to: Label) -> &mut Self {
        self.jump(libc::BPF_JGE | libc::BPF_X, 0, Some(to), None)
    }

    /// Jumps if A is less than `number`.
    pub fn if_less(&mut self, number: u32, to: Label) -> &mut Self {
        self.jump(libc::BPF_JGE | libc::BPF_K, number, None, Some(to))
    }

    /// Jumps.
    pub fn go(&mut self, to: Label) -> &mut Self {
        self.jump(libc::BPF_JA, 0, Some(to), None)
    }

    /// Keeps the whole packet.
    pub fn accept(&mut self) -> &mut Self {
        self.line(code::RETURN, WHOLE)
    }

    /// Passes the packet over.
    pub fn reject(&mut self) -> &mut Self {
        self.line(code::RETURN, 0)
    }

    /// The instructions; nothing when a label was not placed, or lies behind or too far ahead:
    /// a comparison reaches 255 instructions.
    pub fn finish(&self) -> Option<Vec<Instruction>> {
        let lines = self.lines.iter().enumerate();
        lines.map(|(at, line)| self.instruction(at, line)).collect()
    }

    fn instruction(&self, at: usize, line: &Line) -> Option<Instruction> {
        let distance = |label: Option<Label>| match label {
            Some(label) => self.labels[label.0]?.checked_sub(at + 1),
            None => Some(0),
        };
        let (yes, no) = (distance(line.yes)?, distance(line.no)?);
        let code = u16::try_from(line.code).ok()?;
        if line.code == code::GO {
            let k = u32::try_from(yes).ok()?;
            let (jt, jf) = (0, 0);
            return Some(Instruction { code, jt, jf, k });
        }
        Some(Instruction {
            code,
            jt: u8::try_from(yes).ok()?,
            jf: u8::try_from(no).ok()?,
            k: line.k,
        })
    }

    fn line(&mut self, code: u32, k: u32) -> &mut Self {
        let (yes, no) = (None, None);
        self.lines.push(Line { code, k, yes, no });
        self
    }

    fn jump(&mut self, code: u32, k: u32, yes: Option<Label>, no: Option<Label>) -> &mut Self {
        let code = libc::BPF_JMP | code;
        self.lines.push(Line { code, k, yes, no });
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jumps_are_counted_from_the_next_instruction() {
        let mut program = Program::default();
        let there = program.label();
        program.load_fact(Fact::Protocol);
        program.if_equal(0x0806, there).reject();
        program.place(there).accept();
        let code = program.finish().unwrap();
        let (ret, ld, jeq) = (0x06, 0x20, 0x15);
        assert_eq!(code[0].code, ld);
        assert_eq!(code[0].k, 0xffff_f000);
        assert_eq!((code[1].code, code[1].jt, code[1].jf), (jeq, 1, 0));
        assert_eq!((code[2].code, code[2].k), (ret, 0));
        assert_eq!((code[3].code, code[3].k), (ret, WHOLE));
    }

    #[test]
    fn a_jump_to_nowhere_is_no_program() {
        let mut program = Program::default();
        let nowhere = program.label();
        program.go(nowhere);
        assert_eq!(program.finish(), None);
    }
}
