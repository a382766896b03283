//! Reads a table that was kept. Nobody knows who has edited it since: each line is
//! bounded before memory is taken for it, and an error names its line and column.

use std::io::{self, BufRead, ErrorKind, Read};

use super::{Baseline, Run, TENTH};
use crate::measure::Direction;
use crate::report::csv::HEADER;
use crate::units::whole_number;

/// The longest line in bytes. The longest part of a test is the address of a router.
const MAX_LINE: u64 = 4096;

/// The most series of a table. A sweep has one for each size.
const MAX_SERIES: usize = 1000;

const COLUMNS: usize = 9;

/// What is wrong in a line: the column, from 1, and why.
type Wrong = (usize, String);

/// Reads the table of an earlier run, which is called `name` in the comparison.
///
/// # Errors
/// If the table cannot be read, or is not one that [`csv`](crate::report::csv) wrote.
///
/// ```
/// use roundtrip::report::baseline::read;
///
/// let table = "test,client,part,at_ns,number,rtt_ns,due_ns,direction,bytes\n\
///              latency,1,,5000,1,80123,,,\n\
///              latency,1,,5000,2,fast,,,\n";
/// let error = read("old.csv", table.as_bytes()).unwrap_err();
/// let expected = "old.csv, line 3, column 19: \"fast\" is no whole number";
/// assert_eq!(error.to_string(), expected);
/// ```
pub fn read(name: &str, mut table: impl BufRead) -> io::Result<Baseline> {
    let (mut before, mut line) = (Run::default(), Vec::new());
    for number in 1_u64.. {
        line.clear();
        let length =
            table.by_ref().take(MAX_LINE).read_until(b'\n', &mut line).map_err(|error| {
                io::Error::new(error.kind(), format!("cannot read {name:?}: {error}"))
            })?;
        if length == 0 && number > 1 {
            break;
        }
        let understood = match text(&line) {
            Ok(HEADER) if number == 1 => Ok(()),
            Ok(_) if number == 1 => {
                Err((1, format!("this is no table of --csv, which begins with {HEADER:?}")))
            }
            Ok(line) => add(&mut before, line),
            Err(wrong) => Err(wrong),
        };
        understood.map_err(|(column, why)| {
            let why = format!("{name}, line {number}, column {column}: {why}");
            io::Error::new(ErrorKind::InvalidData, why)
        })?;
    }
    Ok(Baseline { name: name.into(), before, now: Run::default() })
}

/// A line without its end.
fn text(line: &[u8]) -> Result<&str, Wrong> {
    let whole = line.strip_suffix(b"\n");
    if whole.is_none() && line.len() as u64 >= MAX_LINE {
        return Err((line.len(), "the line is too long".into()));
    }
    let line = whole.unwrap_or(line);
    // A spreadsheet ends lines with both.
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    str::from_utf8(line).map_err(|error| (error.valid_up_to() + 1, "this is no UTF-8".into()))
}

/// Adds the sample of a line.
fn add(run: &mut Run, line: &str) -> Result<(), Wrong> {
    let fields = fields(line)?;
    let [(_, test), _, (_, part), at, _, rtt, _, (column, direction), bytes] = &fields[..] else {
        return Err((1, format!("{} fields, where there have to be {COLUMNS}", fields.len())));
    };
    let number = |(column, text): &(usize, String)| {
        whole_number::<u64>(text).ok_or_else(|| (*column, format!("{text:?} is no whole number")))
    };
    let direction = match direction.as_str() {
        "" => "",
        word => [Direction::Download, Direction::Upload]
            .map(Direction::name)
            .into_iter()
            .find(|name| *name == word)
            .ok_or_else(|| (*column, format!("{word:?} is neither download nor upload")))?,
    };
    // A ping without an answer.
    if direction.is_empty() && rtt.1.is_empty() {
        return Ok(());
    }
    let series = run.series(test, part, direction);
    if direction.is_empty() {
        series.rtts.record(number(rtt)?);
    } else {
        // The time in the table is the end of the tenth.
        series.piece(number(at)?.div_ceil(TENTH).saturating_sub(1), number(bytes)?);
    }
    match run.0.len() {
        0..=MAX_SERIES => Ok(()),
        _ => Err((1, format!("more than {MAX_SERIES} series"))),
    }
}

/// The fields of a line, each with its column, from 1 (RFC 4180, without line breaks
/// within a field).
fn fields(line: &str) -> Result<Vec<(usize, String)>, Wrong> {
    let (mut fields, mut rest) = (Vec::new(), line);
    loop {
        let column = line.len() - rest.len() + 1;
        let mut field = String::new();
        if let Some(quoted) = rest.strip_prefix('"') {
            rest = quoted;
            loop {
                let Some((text, behind)) = rest.split_once('"') else {
                    return Err((column, "this quotation mark is never closed".into()));
                };
                field.push_str(text);
                rest = behind;
                // Two quotation marks within a quotation are one.
                let Some(behind) = rest.strip_prefix('"') else { break };
                field.push('"');
                rest = behind;
            }
        } else {
            let end = rest.find(',').unwrap_or(rest.len());
            field.push_str(&rest[..end]);
            rest = &rest[end..];
        }
        fields.push((column, field));
        if rest.is_empty() {
            return Ok(fields);
        }
        let Some(behind) = rest.strip_prefix(',') else {
            return Err((line.len() - rest.len() + 1, "there has to be a comma here".into()));
        };
        if fields.len() > COLUMNS {
            return Err((column, format!("more than {COLUMNS} fields")));
        }
        rest = behind;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotation_marks_enclose_commas() {
        let of = |line| {
            fields(line)
                .map(|fields| fields.into_iter().map(|(_, field)| field).collect::<Vec<_>>())
        };
        assert_eq!(of("a,,\"b,\"\"c\"\"\",").unwrap(), ["a", "", "b,\"c\"", ""]);
        assert_eq!(of("a,\"b").unwrap_err().0, 3);
        assert_eq!(of("\"b\"c").unwrap_err().0, 4);
        assert!(of(&",".repeat(4000)).is_err());
    }

    #[test]
    fn any_bytes_are_read_or_refused() {
        let table = format!(
            "{HEADER}\r\nudp,1,,5,1,9,,,\r\nudp,1,lost,5,1,,,,\n\"a,b\",1,\"\"\"\",700000000,,,,upload,12"
        );
        let known = read("t", table.as_bytes()).unwrap();
        assert_eq!(known.before.0.len(), 2);
        assert_eq!(known.before.0[1].rates(), [0.0; 6]);
        for index in 0..table.len() {
            for byte in [0, b',', b'"', b'\n', b'9', 0xFF] {
                let mut bytes = table.clone().into_bytes();
                bytes[index] = byte;
                if let Err(error) = read("t", &bytes[..]) {
                    assert!(error.to_string().starts_with("t, line "), "{error}");
                }
            }
        }
        for (hostile, where_it_is) in [
            ("", "t, line 1, column 1: this is no table"),
            ("a,1,,0,1,18446744073709551616,,,\n", "t, line 2, column 10: "),
            ("a,1,,0,,,,sideways,5\n", "t, line 2, column 11: \"sideways\" is neither"),
            ("\n", "t, line 2, column 1: 1 fields, where there have to be 9"),
        ] {
            let head = if hostile.is_empty() { "" } else { "HEADER\n" };
            let table = format!("{head}{hostile}").replace("HEADER", HEADER);
            let error = read("t", table.as_bytes()).unwrap_err().to_string();
            assert!(error.starts_with(where_it_is), "{error}");
        }
        let endless = read("t", io::BufReader::new(io::repeat(b'a'))).unwrap_err();
        assert_eq!(endless.to_string(), "t, line 1, column 4096: the line is too long");
        let many: Vec<String> = (0..1001).map(|n| format!("t{n},1,,0,1,1,,,\n")).collect();
        let many = read("t", format!("{HEADER}\n{}", many.concat()).as_bytes()).unwrap_err();
        assert!(many.to_string().contains("line 1002, column 1: more than 1000 series"), "{many}");
    }
}
