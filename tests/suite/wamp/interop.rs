//! Another implementation as the client.

use std::process::Command;
use std::time::Duration;

use roundtrip::net::Address;
use roundtrip::wamp::router::{Config, Endpoint, Router, Settings};

use crate::support::Temporary;

/// Needs a Python with the packages `autobahn` and `msgpack`; the variable `PYTHON`
/// names it. Without the packages this test prints `skipped`.
#[test]
#[cfg(unix)]
fn autobahn_calls_and_is_called() {
    let python = std::env::var("PYTHON").unwrap_or_else(|_| "python3".into());
    let (ws, rs) = (Temporary::new("autobahn-ws"), Temporary::new("autobahn-rs"));
    let tcp = || "127.0.0.1:0".parse().unwrap();
    let unix = |path: &str| Address::Unix(path.into());
    let listen = vec![
        Endpoint::websocket(tcp()),
        Endpoint::rawsocket(tcp()),
        Endpoint::websocket(unix(ws.path())),
        Endpoint::rawsocket(unix(rs.path())),
    ];
    let idle = Duration::from_secs(1);
    let session = Settings { idle_timeout: idle, ..Settings::default() };
    let config = Config { listen, session, ..Config::default() };
    let router = Router::bind(config).unwrap().start().unwrap();
    let ports = router.urls().iter().filter_map(|url| match url.socket {
        Address::Tcp { port, .. } => Some(port.to_string()),
        Address::Unix(_) => None,
    });
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/interop.py");
    match Command::new(&python)
        .arg(script)
        .arg(idle.as_secs().to_string())
        .args(ports)
        .args([ws.path(), rs.path()])
        .output()
    {
        Err(error) => println!("skipped: {python}: {error}"),
        Ok(output) => {
            let (out, err) =
                (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
            println!("{out}");
            assert!(output.status.success(), "{err}");
            assert!(out.contains("skipped: ") || out.matches("good: ").count() == 8, "{out}{err}");
        }
    }
}
