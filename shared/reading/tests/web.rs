//! What a vendor on loopback may do to a request.
#![allow(clippy::unwrap_used, reason = "a test says by panicking that it failed")]

use bytes::Bytes;
use http::Request;
use reading::web::{Unreachable, Web};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

/// Asks somebody who answers with these bytes, then with the last of them over and over until nobody reads.
async fn ask(answer: &'static [u8], more: &'static [u8]) -> Result<http::Response<Bytes>, Unreachable> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/company", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut asked = [0; 4096];
        assert!(stream.read(&mut asked).await.unwrap() > 0);
        stream.write_all(answer).await.unwrap();
        while !more.is_empty() && stream.write_all(more).await.is_ok() {}
    });
    Web::default().send(Request::get(url).body(Bytes::new()).unwrap()).await
}

#[tokio::test]
async fn a_status_of_any_kind_is_an_answer_and_a_redirect_is_not_followed() {
    let elsewhere = b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 4\r\n\r\nmore";
    let answer = ask(elsewhere, b"").await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["location"], &answer.body()[..]),
        (302, &"http://127.0.0.1:1/".parse().unwrap(), &b"more"[..])
    );
    assert_eq!(ask(b"HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n", b"").await.unwrap().status(), 503);
}

#[tokio::test]
async fn an_answer_without_end_is_too_long() {
    static MORE: [u8; 65_536] = [b'x'; 65_536];
    let endless = ask(b"HTTP/1.1 200 OK\r\n\r\n", &MORE).await;
    assert!(matches!(endless, Err(Unreachable::Huge)), "{endless:?}");
}

#[tokio::test]
async fn what_breaks_off_is_no_answer() {
    for half in [&b""[..], b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf", b"rubbish\r\n\r\n"] {
        let broken = ask(half, b"").await;
        assert!(matches!(broken, Err(Unreachable::Broken(_))), "{broken:?}");
    }
}
