//! Instructions of the kernel's virtual machine (RFC 9669), and jumps to places that come later.

/// One instruction, as `struct bpf_insn` lays it out in eight bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Instruction {
    opcode: u8,
    /// Destination register in the low half, source register in the high half.
    registers: u8,
    offset: i16,
    immediate: i32,
}

/// A register: 0 holds results, 1 to 5 arguments, 6 to 9 survive calls, 10 is the stack's end.
pub(crate) type Register = u8;

/// The end of the stack, which grows downwards from here.
pub(crate) const FRAME: Register = 10;

/// How many bytes a load or store moves, in the opcode's size bits.
#[derive(Clone, Copy)]
pub(crate) enum Size {
    One = 0x10,
    Two = 0x08,
    Four = 0x00,
    Eight = 0x18,
}

/// A place that jumps lead to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Label(usize);

/// A program in the making.
#[derive(Default)]
pub(crate) struct Assembler {
    code: Vec<Instruction>,
    labels: Vec<Option<usize>>,
    /// Jumps whose distance is still to be filled in.
    jumps: Vec<(usize, Label)>,
}

impl Assembler {
    pub(crate) fn label(&mut self) -> Label {
        self.labels.push(None);
        Label(self.labels.len() - 1)
    }

    /// The label's place is here.
    pub(crate) fn place(&mut self, label: Label) {
        self.labels[label.0] = Some(self.code.len());
    }

    /// `to = value`, as 64 bits with the sign extended.
    pub(crate) fn set(&mut self, to: Register, value: i32) {
        self.add(0xb7, to, 0, 0, value);
    }

    /// `to = value`, as 32 bits, the upper ones zero.
    pub(crate) fn set_unsigned(&mut self, to: Register, value: u32) {
        self.add(0xb4, to, 0, 0, value as i32);
    }

    /// `to = from`.
    pub(crate) fn copy(&mut self, to: Register, from: Register) {
        self.add(0xbf, to, from, 0, 0);
    }

    /// `to += value`.
    pub(crate) fn add_value(&mut self, to: Register, value: i32) {
        self.add(0x07, to, 0, 0, value);
    }

    /// `to += from`.
    pub(crate) fn add_register(&mut self, to: Register, from: Register) {
        self.add(0x0f, to, from, 0, 0);
    }

    /// `to = *(from + offset)`.
    pub(crate) fn load(&mut self, to: Register, size: Size, from: Register, offset: i16) {
        self.add(0x61 | size as u8, to, from, offset, 0);
    }

    /// `*(to + offset) = from`.
    pub(crate) fn store(&mut self, to: Register, offset: i16, size: Size, from: Register) {
        self.add(0x63 | size as u8, to, from, offset, 0);
    }

    /// `*(to + offset) = 0`, eight bytes.
    pub(crate) fn clear(&mut self, to: Register, offset: i16) {
        self.add(0x7a, to, 0, offset, 0);
    }

    /// `to` = the address of, or in, what a descriptor stands for. `pseudo` says which
    /// (`BPF_PSEUDO_*`): 1 a map, 2 the first value of a map.
    pub(crate) fn load_map(&mut self, to: Register, pseudo: u8, descriptor: i32) {
        self.add(0x18, to, pseudo, 0, descriptor);
        self.add(0, 0, 0, 0, 0);
    }

    /// `*(to + offset) += from`, eight bytes, whatever other CPUs do meanwhile.
    pub(crate) fn add_atomically(&mut self, to: Register, offset: i16, from: Register) {
        self.add(0xdb, to, from, offset, 0);
    }

    /// `to = from`, the lower 32 bits of it.
    pub(crate) fn copy_half(&mut self, to: Register, from: Register) {
        self.add(0xbc, to, from, 0, 0);
    }

    /// `to` = its lowest 16 bits, read as they come over the wire.
    pub(crate) fn read_big_endian(&mut self, to: Register) {
        self.add(0xdc, to, 0, 0, 16);
    }

    /// `to = to operation (from or value)`, which the opcode says.
    pub(crate) fn calculate(&mut self, opcode: u8, to: Register, from: Register, value: i32) {
        self.add(opcode, to, from, 0, value);
    }

    /// Goes to `label`.
    pub(crate) fn jump(&mut self, label: Label) {
        self.jump_with(0x05, 0, 0, label, 0);
    }

    /// Goes to `label` if `register` is `value`.
    pub(crate) fn jump_if(&mut self, register: Register, value: i32, label: Label) {
        self.jump_with(0x15, register, 0, label, value);
    }

    /// Goes to `label` unless `register` is `value`.
    pub(crate) fn jump_unless(&mut self, register: Register, value: i32, label: Label) {
        self.jump_with(0x55, register, 0, label, value);
    }

    /// Goes to `label` if both registers hold the same.
    pub(crate) fn jump_if_same(&mut self, one: Register, other: Register, label: Label) {
        self.jump_with(0x1d, one, other, label, 0);
    }

    /// Goes to `label` if `one` is greater than `other`, both without a sign.
    pub(crate) fn jump_if_greater(&mut self, one: Register, other: Register, label: Label) {
        self.jump_with(0x2d, one, other, label, 0);
    }

    /// Goes to `label` if `one` is greater than `value`, both without a sign.
    pub(crate) fn jump_if_above(&mut self, one: Register, value: i32, label: Label) {
        self.jump_with(0x25, one, 0, label, value);
    }

    /// Goes to `label` if `one` is less than `value`, both without a sign.
    pub(crate) fn jump_if_below(&mut self, one: Register, value: i32, label: Label) {
        self.jump_with(0xa5, one, 0, label, value);
    }

    /// Goes to `label` if what the opcode compares holds.
    pub(crate) fn jump_when(
        &mut self,
        opcode: u8,
        one: Register,
        other: Register,
        value: i32,
        label: Label,
    ) {
        self.jump_with(opcode, one, other, label, value);
    }

    /// Calls a function of the kernel by its number (`enum bpf_func_id`).
    pub(crate) fn call(&mut self, function: i32) {
        self.add(0x85, 0, 0, 0, function);
    }

    /// Calls a function of the kernel by the number of its type (`BPF_PSEUDO_KFUNC_CALL`).
    pub(crate) fn call_typed(&mut self, function: u32) {
        self.add(0x85, 0, 2, 0, function as i32);
    }

    /// Ends the program.
    pub(crate) fn exit(&mut self) {
        self.add(0x95, 0, 0, 0, 0);
    }

    /// The finished program, its jumps filled in.
    ///
    /// # Panics
    /// When a label was never placed: a mistake in the program's own text.
    pub(crate) fn finish(mut self) -> Vec<Instruction> {
        for (at, label) in self.jumps {
            let target = self.labels[label.0].expect("every label is placed");
            self.code[at].offset = (target as i64 - at as i64 - 1) as i16;
        }
        self.code
    }

    fn jump_with(&mut self, opcode: u8, one: Register, other: Register, to: Label, value: i32) {
        self.jumps.push((self.code.len(), to));
        self.add(opcode, one, other, 0, value);
    }

    fn add(&mut self, opcode: u8, to: Register, from: Register, offset: i16, immediate: i32) {
        self.code.push(Instruction {
            opcode,
            registers: to | from << 4,
            offset,
            immediate,
        });
    }
}

impl Instruction {
    /// As the kernel reads it.
    pub(crate) fn bytes(self) -> [u8; 8] {
        let [a, b] = self.offset.to_ne_bytes();
        let [c, d, e, f] = self.immediate.to_ne_bytes();
        [self.opcode, self.registers, a, b, c, d, e, f]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jumps_count_from_the_next_instruction() {
        let mut program = Assembler::default();
        let (start, end) = (program.label(), program.label());
        program.place(start);
        program.jump_if(1, 0, end);
        program.jump(start);
        program.place(end);
        program.exit();
        let offsets: Vec<i16> = program.finish().iter().map(|one| one.offset).collect();
        assert_eq!(offsets, [1, -2, 0]);
    }

    #[test]
    fn instructions_are_laid_out_as_the_kernel_has_them() {
        let mut program = Assembler::default();
        program.load(9, Size::Eight, FRAME, -8);
        program.store(FRAME, -16, Size::Two, 3);
        let bytes: Vec<[u8; 8]> = program.finish().iter().map(|one| one.bytes()).collect();
        let [a, b] = (-8i16).to_ne_bytes();
        assert_eq!(bytes[0], [0x79, 0xa9, a, b, 0, 0, 0, 0]);
        assert_eq!(bytes[1][..2], [0x6b, 0x3a]);
    }
}
