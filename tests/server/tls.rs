//! A server with a certificate.

use serde_json::json;

use crate::place::{Place, TOKEN, bind, config, local};
use tokio_util::sync::CancellationToken;

#[tokio::test]
async fn it_speaks_tls_where_it_has_a_certificate() {
    let folder = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (certificate, key) = (folder.path().join("tls.crt"), folder.path().join("tls.key"));
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    let mut config = config(folder.path(), json!({"example.com/app": {"token": TOKEN, "local": local(3)}}));
    // With a certificate, others may reach it.
    config["listen"] = json!("0.0.0.0:0");
    config["tls"] = json!({"certificate": certificate, "key": key});
    let error = bind(&config).await.unwrap_err().to_string();
    assert!(error.starts_with("tls.key: expected a PEM file at "), "{error}");
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let place = Place::around(bind(&config).await.unwrap(), CancellationToken::new());
    assert!(place.url.starts_with("https://"));
    let base_url = format!("https://localhost:{}", place.address.port());
    let optimizer = json!({"id": "example.com/app", "token": TOKEN, "base_url": base_url});
    let ask = servox::optimizer::remote::Message { event: "WHATS_NEXT", param: &json!(null), servo_uid: None };
    let settings = json!({"ssl_verify": certificate});
    let client = servox::optimizer::remote::Client::new(&optimizer, &settings).unwrap();
    let reply = client.post(ask, servox::optimizer::remote::Tries::Once).await.unwrap();
    assert_eq!(reply["cmd"], "DESCRIBE");
    let stranger = servox::optimizer::remote::Client::new(&optimizer, &json!({})).unwrap();
    assert!(stranger.post(ask, servox::optimizer::remote::Tries::Once).await.is_err());
    // Those who speak plain HTTP are turned away.
    assert!(!place.raw("GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await.contains("200 OK"));
    place.end().await;
}
