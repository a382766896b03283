//! What to mistrust in a result, and what to do about that.

use crate::measure::{Bandwidth, Bidirectional, Latency};
use crate::stats::Recorder;
use crate::units::{float, ms, nanoseconds};

/// A thread that uses this part of a processor or more is probably the bottleneck.
const BUSY: f64 = 0.9;

/// How many median absolute deviations from the median a sample is an outlier. Iglewicz
/// and Hoaglin, "How to Detect and Handle Outliers" (1993), propose 3.5. Ten are beyond
/// doubt.
const OUTLIER: f64 = 10.0;

/// What to mistrust in pings that this program sent.
#[must_use]
pub fn latency(latency: &Latency) -> Vec<String> {
    let mut warnings = lag(latency);
    let Some(summary) = latency.rtt.summary() else { return warnings };
    if let Some(late) =
        latency.scheduling_delay.summary().filter(|late| late.p50 * 10 > summary.p50)
    {
        let late = ms(late.p50);
        warnings.push(format!(
            "half of the pings left {late} ms late or more: this machine is too busy to keep time"
        ));
    }
    warnings
}

/// What to mistrust in pings that the server sent. Their scheduling delay is no cause
/// for a warning: a server [sleeps](crate::pace::Wait::Sleep) until a ping is due.
#[must_use]
pub fn lag(latency: &Latency) -> Vec<String> {
    let mut warnings = Vec::new();
    let Some(summary) = latency.rtt.summary() else { return warnings };
    // A handful of pings is not sent for a p99.9.
    if (100..1000).contains(&summary.count) {
        warnings.push(format!(
            "{} answers are too few for a p99.9: send 1000 or more (--count, --time)",
            summary.count
        ));
    }
    let outliers = outliers(&latency.rtt);
    if summary.count >= 100 && outliers * 100 > summary.count {
        warnings.push(format!(
            "{outliers} of {} answers are outliers: something else was busy; close it, or measure for longer",
            summary.count
        ));
    }
    warnings
}

/// What to mistrust in a bulk transfer.
#[must_use]
pub fn bandwidth(bandwidth: &Bandwidth) -> Vec<String> {
    let busy = bandwidth.cpu.filter(|&cpu| cpu >= BUSY);
    let warning = busy.map(|cpu| {
        format!(
            "this client used {:.0}% of a processor: it may be slower than the network",
            cpu * 100.0
        )
    });
    let quick = bandwidth.bytes > Some(0) && bandwidth.duration.is_none();
    let quick = quick.then(|| {
        "all data arrived within one round trip of the server's READY: too little to tell a rate; \
         transfer more (--size, --time)"
            .into()
    });
    warning.into_iter().chain(quick).collect()
}

/// What to mistrust in a transfer in both directions.
#[must_use]
pub fn bidirectional(Bidirectional { download, upload }: &Bidirectional) -> Vec<String> {
    let unknown = download.failure.is_none() && download.start.is_some() && upload.bytes.is_none();
    let unknown = unknown.then(|| {
        "the server's report of the upload was not waited for: a second after the time, it still \
         stood in the queue behind the download; measure --test upload alone"
            .into()
    });
    bandwidth(download).into_iter().chain(unknown).collect()
}

/// How many samples are further from the median than ten median absolute deviations.
fn outliers(series: &Recorder) -> u64 {
    let Some(summary) = series.summary() else { return 0 };
    let median = float(nanoseconds(summary.p50));
    let away = |end: u64| (float(end) - median).abs();
    let mut distances: Vec<(f64, u64)> =
        series.histogram().ranges().map(|(values, count)| (away(*values.end()), count)).collect();
    distances.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut below = 0;
    let usual = distances.iter().find(|(_, count)| {
        below += count;
        below * 2 >= summary.count
    });
    // The histogram rounds, so a distance within its error means nothing.
    let usual = usual.map_or(0.0, |&(distance, _)| distance).max(median / 128.0);
    distances
        .iter()
        .filter(|(distance, _)| *distance > OUTLIER * usual)
        .map(|(_, count)| count)
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn of(samples: impl Iterator<Item = u64>) -> Latency {
        Latency { rtt: samples.map(Duration::from_micros).collect(), ..Latency::default() }
    }

    #[test]
    fn few_samples_are_called_few() {
        assert!(latency(&of(100..250))[0].starts_with("150 answers are too few for a p99.9"));
        assert_eq!(latency(&of((0..5000).map(|n| 100 + n % 10))), Vec::<String>::new());
        assert_eq!(latency(&Latency::default()), Vec::<String>::new());
    }

    #[test]
    fn outliers_are_counted() {
        let warnings =
            latency(&of((0..5000).map(|n| if n % 50 == 0 { 10_000 } else { 100 + n % 10 })));
        assert!(warnings[0].starts_with("100 of 5000 answers are outliers"), "{warnings:?}");
    }

    #[test]
    fn a_busy_client_is_named() {
        assert_eq!(
            bandwidth(&Bandwidth { cpu: Some(0.5), ..Bandwidth::default() }),
            Vec::<String>::new()
        );
        assert!(
            bandwidth(&Bandwidth { cpu: Some(0.97), ..Bandwidth::default() })[0].contains("97%")
        );
    }
}
