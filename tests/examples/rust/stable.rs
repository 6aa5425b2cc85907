//! Loss and gradient of the logistic cross-entropy, as a program that the suite can judge:
//!
//!     rustc -O stable.rs && stablelce audit cmd:./stable
//!     rustc -O stable.rs && stablelce audit 'cmd:./stable --text'
//!
//! Binary is the fast encoding; with `--text` numbers are their bits, since Rust's standard library reads no
//! hexadecimal floats.

use std::io::{self, BufRead, Write};

fn loss(z: f64, t: f64) -> f64 {
    let s = if z >= 0.0 { 1.0 - t } else { t };
    let linear = if s == 0.0 { 0.0 } else { z.abs() * s };
    linear + (-z.abs()).exp().ln_1p()
}

fn gradient(z: f64, t: f64) -> f64 {
    let e = (-z.abs()).exp();
    let tail = e / (1.0 + e);
    if z >= 0.0 { (1.0 - t) - tail } else { tail - t }
}

fn read_columns(input: &mut impl BufRead, count: usize, binary: bool) -> io::Result<Vec<Vec<f64>>> {
    let mut columns = vec![Vec::with_capacity(count), Vec::with_capacity(count)];
    if binary {
        let mut word = [0u8; 8];
        for column in &mut columns {
            for _ in 0..count {
                input.read_exact(&mut word)?;
                column.push(f64::from_ne_bytes(word));
            }
        }
    } else {
        let mut line = String::new();
        for _ in 0..count {
            line.clear();
            input.read_line(&mut line)?;
            for (column, text) in columns.iter_mut().zip(line.split_whitespace()) {
                let bits = u64::from_str_radix(text.trim_start_matches("0x"), 16);
                column.push(f64::from_bits(bits.expect("the suite writes 16 hexadecimal digits")));
            }
        }
    }
    Ok(columns)
}

fn main() -> io::Result<()> {
    let text_only = std::env::args().any(|argument| argument == "--text");
    let mut input = io::stdin().lock();
    let mut output = io::BufWriter::new(io::stdout().lock());
    let mut line = String::new();
    input.read_line(&mut line)?; // the version of the suite
    let encodings = if text_only { "bits" } else { "binary bits" };
    write!(output, "stablelce 1\nversion example 1.0\noffer loss float64\noffer gradient float64\n")?;
    write!(output, "encodings {encodings}\nready\n")?;
    output.flush()?;
    loop {
        line.clear();
        if input.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let words: Vec<&str> = line.split_whitespace().collect();
        let compute = if words[0] == "loss" { loss } else { gradient };
        let count: usize = words[2].parse().expect("a number of points");
        let binary = words[3] == "binary";
        let columns = read_columns(&mut input, count, binary)?;
        writeln!(output, "results {count}")?;
        for (&z, &t) in columns[0].iter().zip(&columns[1]) {
            let result = compute(z, t);
            if binary {
                output.write_all(&result.to_ne_bytes())?;
            } else {
                writeln!(output, "0x{:016x}", result.to_bits())?;
            }
        }
        writeln!(output, "end")?;
        output.flush()?;
    }
}
