//! Names that have the same meaning everywhere, and which names there can be.

/// A realm, procedure or reason is not a [`valid_uri`].
pub const INVALID_URI: &str = "wamp.error.invalid_uri";
/// Nobody has registered the procedure that is called.
pub const NO_SUCH_PROCEDURE: &str = "wamp.error.no_such_procedure";
/// Somebody has registered this procedure before.
pub const PROCEDURE_ALREADY_EXISTS: &str = "wamp.error.procedure_already_exists";
/// What should be unregistered was not, or is no longer, registered by whoever asks.
pub const NO_SUCH_REGISTRATION: &str = "wamp.error.no_such_registration";
/// The procedure does not take these arguments.
pub const INVALID_ARGUMENT: &str = "wamp.error.invalid_argument";
/// The call will never be answered. A router says so, among others, when the callee has
/// gone.
pub const CANCELED: &str = "wamp.error.canceled";
/// A message is longer than the receiver takes.
pub const PAYLOAD_SIZE_EXCEEDED: &str = "wamp.error.payload_size_exceeded";
/// The router has no such realm.
pub const NO_SUCH_REALM: &str = "wamp.error.no_such_realm";
/// The peer does not keep to the protocol; a reason to abort.
pub const PROTOCOL_VIOLATION: &str = "wamp.error.protocol_violation";
/// The whole peer shuts down; a reason to abort or to say goodbye.
pub const SYSTEM_SHUTDOWN: &str = "wamp.close.system_shutdown";
/// The client has no more to do in this realm; a reason to say goodbye.
pub const CLOSE_REALM: &str = "wamp.close.close_realm";
/// The answer to a goodbye.
pub const GOODBYE_AND_OUT: &str = "wamp.close.goodbye_and_out";

/// Whether this can be the name of a realm or procedure, by the loose rule of the
/// specification ("URIs"): components between dots, none of them empty, without white
/// space and `#`.
///
/// ```
/// use roundtrip::wire::wamp::valid_uri;
///
/// assert!(valid_uri("com.example.add2"));
/// assert!(!valid_uri("com..add2"));
/// assert!(!valid_uri("com.example.add 2"));
/// ```
#[must_use]
pub fn valid_uri(uri: &str) -> bool {
    uri.split('.').all(|component| {
        !component.is_empty() && !component.contains(|c: char| c.is_whitespace() || c == '#')
    })
}
