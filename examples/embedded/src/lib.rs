//! What the programs here have in common: they print without formatting, count instructions, and end with a status.
#![no_std]
#![forbid(unsafe_code)]

use core::{hint::black_box, panic::PanicInfo};
use cortex_m::peripheral::{Peripherals, SYST, syst::SystClkSource};
use cortex_m_semihosting::{debug, hio};

/// No message: a program that formats none is smaller.
#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    say("panicked\n");
    end(false)
}

/// Prints a text.
pub fn say(text: &str) {
    if let Ok(mut host) = hio::hstdout() {
        let _ = host.write_all(text.as_bytes());
    }
}

/// Prints a name and a number.
pub fn tell(name: &str, mut number: u32) {
    let (mut digits, mut at) = ([b' '; 11], 11);
    digits[10] = b'\n';
    at -= 1;
    while at > 0 {
        at -= 1;
        digits[at] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    say(name);
    say(" ");
    say(core::str::from_utf8(&digits[at..]).unwrap_or("?\n"));
}

/// Ends the program with the status of success or of failure.
pub fn end(is_right: bool) -> ! {
    debug::exit(if is_right {
        debug::EXIT_SUCCESS
    } else {
        debug::EXIT_FAILURE
    });
    loop {
        core::hint::spin_loop();
    }
}

/// Counts instructions, as QEMU's clock goes on by each of them.
pub struct Counter(SYST);

impl Counter {
    /// Takes the system's timer.
    pub fn take() -> Option<Self> {
        let mut timer = Peripherals::take()?.SYST;
        timer.set_clock_source(SystClkSource::Core);
        timer.set_reload(TICKS);
        timer.clear_current();
        timer.enable_counter();
        Some(Self(timer))
    }

    /// The instructions of a call; up to ten million.
    pub fn count<T>(&mut self, call: impl FnOnce() -> T) -> (T, u32) {
        self.count_long(|| 0, call)
    }

    /// The instructions of a call, where `turns` says how often the timer has begun anew since some moment.
    pub fn count_long<T>(&mut self, turns: impl Fn() -> u32, call: impl FnOnce() -> T) -> (T, u32) {
        self.0.clear_current();
        let (before, first) = (SYST::get_current(), turns());
        let result = black_box(call());
        let ticks = before.wrapping_sub(SYST::get_current()) & TICKS;
        let ticks = u64::from(ticks) + (u64::from(turns().wrapping_sub(first)) << 24);
        // 40 ns for a tick, 64 ns for an instruction.
        (result, (ticks * 40 / 64) as u32)
    }

    /// Calls the exception `SysTick` whenever the timer begins anew.
    pub fn interrupts(mut self) -> Self {
        self.0.enable_interrupt();
        self
    }
}

/// All ticks that the timer counts before it begins anew.
const TICKS: u32 = 0xff_ffff;

/// Handwritten digits: images of 64 pixels from 0 to 16, here from 0 to 1, and their digits.
pub fn digits() -> impl Iterator<Item = ([[[f32; 8]; 8]; 1], usize)> {
    static IMAGES: &[u8] = include_bytes!("../weights/digits.bin");
    let images = IMAGES.as_chunks::<65>().0.iter();
    images.map(|&[ref pixels @ .., digit]| {
        let mut image = [[[0.0; 8]; 8]];
        let places = image.as_flattened_mut().as_flattened_mut();
        for (place, &pixel) in places.iter_mut().zip(pixels) {
            *place = f32::from(pixel) / 16.0;
        }
        (image, usize::from(digit))
    })
}

/// Prints what a run took, and ends it.
pub fn report(instructions: u32, is_right: bool) -> ! {
    tell("instructions", instructions);
    tell("stack", probe::stack_used() as u32);
    end(is_right)
}
