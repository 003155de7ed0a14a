#![allow(unsafe_code)]
//! One function of C's mathematical library.
//!
//! The progress bar smooths its estimates with [`f64::powf`], which calls `pow`. For that alone
//! the loader would find, map and bind libm.so at every start: a twentieth of the time in which a
//! packet is read and printed.

/// `x` to the power of `y`, as ISO C's `pow` (C17 section 7.12.7.4): the linker finds it here.
// SAFETY: it has the name, the arguments and the meaning of C's own, and replaces nothing else.
#[unsafe(no_mangle)]
extern "C" fn pow(x: f64, y: f64) -> f64 {
    libm::pow(x, y)
}

#[cfg(test)]
mod tests {
    #[test]
    fn rust_finds_the_power_here() {
        let [base, exponent] = std::hint::black_box([0.1_f64, 2.5]);
        assert_eq!(base.powf(exponent), libm::pow(base, exponent));
        assert_eq!(super::pow(2.0, 10.0), 1024.0);
    }
}
