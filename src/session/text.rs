//! The text protocol, from the first request to the last: one loop that reads a request
//! and answers it.
//!
//! The only state is the connection itself. A request that is not understood costs an
//! `ERROR:` and nothing else; what breaks the framing (a line without end, an upload
//! that stops half-way) ends the connection, since nobody could say where the next
//! request begins.

use std::io::{self, BufReader};
use std::thread;
use std::time::Duration;

use super::{ConnectionStats, Lag, Shared, lag, send_answer, status};
use crate::json::Value;
use crate::net::transfer;
use crate::net::{Stream, receive_in_time};
use crate::wire::bulk;
use crate::wire::command::{Amount, Answer, LagPlan, Received, Request};
use crate::wire::framing::Framing;

/// With bare framing, `READY` and the data behind it have no boundary between them, and
/// a client that takes one `recv` for the answer chokes on `READYxxxx`. All that a
/// server can do is to wait until that `recv` has probably returned: long for a
/// computer, and still a bet on its scheduler and on the network. Framing makes the bet
/// unnecessary.
const BARE_PAUSE: Duration = Duration::from_millis(50);

/// One connection's conversation.
pub(super) struct Conversation<'a> {
    reader: &'a mut BufReader<Stream>,
    shared: &'a Shared,
    stats: &'a ConnectionStats<'a>,
    framing: Framing,
    /// What was measured last, kept as long as nothing but its samples is asked for: it
    /// can be 16 MB.
    lag: Lag,
}

impl<'a> Conversation<'a> {
    pub fn new(
        reader: &'a mut BufReader<Stream>,
        shared: &'a Shared,
        stats: &'a ConnectionStats<'a>,
    ) -> Self {
        Conversation {
            reader,
            shared,
            stats,
            framing: shared.settings.framing,
            lag: Lag::default(),
        }
    }

    /// Answers requests until the client leaves, or breaks the framing.
    pub fn run(&mut self) -> io::Result<()> {
        if self.framing == Framing::Line
            && let Some(plan) = self.shared.settings.owner.on_connect(self.reader.get_ref().peer())
        {
            match lag::grant(plan, &self.shared.settings) {
                Ok(()) => self.measure(plan)?,
                // The client asked for nothing, and is served like any other.
                Err(reason) => {
                    let peer = self.reader.get_ref().peer_name();
                    self.shared.settings.log.say(format_args!("{peer} is not pinged: {reason}"));
                }
            }
        }
        let mut buffer = Vec::new();
        loop {
            let framing = self.framing;
            let message =
                match receive_in_time(self.reader, |reader| framing.receive(reader, &mut buffer)) {
                    Ok(Some(message)) => message,
                    Ok(None) => return Ok(()),
                    Err(error) => return self.give_up(error),
                };
            let request = Request::parse(message);
            if !matches!(request, Ok(Request::LagSamples(_))) {
                self.lag = Lag::default();
            }
            match request {
                Ok(Request::Ping(payload)) => {
                    self.answer(&Answer::Pong(payload))?;
                    self.stats.ping();
                }
                Ok(Request::Quit) => return self.answer(&Answer::Bye),
                Ok(Request::Download(amount)) => self.transfer(amount, Self::download)?,
                Ok(Request::Upload(amount)) => self.transfer(amount, Self::upload)?,
                Ok(Request::Bidirectional(amount)) => self.transfer(amount, Self::bidirectional)?,
                Ok(Request::Lag(plan)) => self.lag(plan)?,
                Ok(Request::LagSamples(first)) => {
                    let samples = self.lag.samples(first).to_string();
                    self.answer(&Answer::LagSamples(&samples))?;
                }
                Ok(Request::Status(question)) => self.status(question)?,
                Err(error) => self.answer(&Answer::Error(&error.to_string()))?,
            }
        }
    }

    fn transfer(
        &mut self,
        amount: Amount,
        run: fn(&mut Self, Amount) -> io::Result<()>,
    ) -> io::Result<()> {
        if let Err(reason) = self.shared.settings.grant(amount) {
            return self.answer(&Answer::Error(&reason));
        }
        bulk::prepare();
        self.answer(&Answer::Ready)?;
        run(self, amount)
    }

    fn download(&mut self, amount: Amount) -> io::Result<()> {
        if self.framing == Framing::Bare {
            thread::sleep(BARE_PAUSE);
        }
        transfer::send(self.reader.get_mut(), amount, |sent| self.stats.sent(sent))
    }

    fn upload(&mut self, amount: Amount) -> io::Result<()> {
        match transfer::receive(self.reader, amount, |arrived| self.stats.received(arrived)) {
            Ok(received) => self.done(received),
            Err(error) => self.give_up(error),
        }
    }

    fn bidirectional(&mut self, amount: Amount) -> io::Result<()> {
        let stats = self.stats;
        let received = transfer::both(
            self.reader,
            amount,
            |sent| stats.sent(sent),
            |new| stats.received(new),
        )?;
        self.done(received)
    }

    fn lag(&mut self, plan: LagPlan) -> io::Result<()> {
        match lag::grant(plan, &self.shared.settings) {
            Ok(()) => self.measure(plan),
            Err(reason) => self.answer(&Answer::Error(&reason)),
        }
    }

    fn measure(&mut self, plan: LagPlan) -> io::Result<()> {
        let result;
        (self.lag, result) = lag::run(self.reader, plan, self.shared, || self.stats.ping());
        self.shared.settings.owner.on_lag(self.reader.get_ref().peer(), &self.lag);
        if let Err(error) = result {
            return self.give_up(error);
        }
        let figures = Value::Map(self.lag.fields()).to_string();
        self.answer(&Answer::LagDone(&figures))
    }

    fn status(&mut self, question: Option<&[u8]>) -> io::Result<()> {
        if self.framing == Framing::Bare {
            return self.answer(&Answer::Error("status needs line framing"));
        }
        let said = status::answer(question, self.reader.get_ref().peer(), self.shared);
        self.answer(&status::in_words(&said))
    }

    fn done(&mut self, received: Received) -> io::Result<()> {
        self.answer(&Answer::Done((self.framing == Framing::Line).then_some(received)))
    }

    fn answer(&mut self, answer: &Answer) -> io::Result<()> {
        send_answer(answer, self.framing, self.reader.get_mut())
    }

    /// Says why the conversation ends. The peer may have closed only its sending half
    /// (`nc -N`) and still be reading.
    fn give_up(&mut self, error: io::Error) -> io::Result<()> {
        // That this too may fail changes nothing: the reason to report is the first
        // one.
        let _ = self.answer(&Answer::Error(&error.to_string()));
        Err(error)
    }
}
