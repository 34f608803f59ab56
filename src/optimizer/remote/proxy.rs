//! Through which proxy a request goes.

use reqwest::Url;

use super::errors::{FailureKind, RemoteError};
use crate::config::Proxies;

/// The proxies of a client, the most specific pattern first.
#[derive(Clone, Debug)]
pub(super) struct Rules(Vec<(Pattern, Option<Url>)>);

impl Rules {
    /// Reads what is configured. No text of an error shows a URL: it may hold a password.
    pub fn new(proxies: &Proxies) -> Result<Self, RemoteError> {
        let mut rules = match proxies {
            Proxies::All(url) => vec![(Pattern::parse("all://")?, Some(proxy_url(url)?))],
            Proxies::ByPattern(proxies) => proxies
                .iter()
                .map(|(pattern, url)| Ok((Pattern::parse(pattern)?, url.as_deref().map(proxy_url).transpose()?)))
                .collect::<Result<_, RemoteError>>()?,
        };
        rules.sort_by_key(|(pattern, _)| pattern.rank());
        Ok(Self(rules))
    }

    /// The proxy for a URL; `None` to go straight to it.
    pub fn proxy(&self, url: &Url) -> Option<Url> {
        self.0.iter().find(|(pattern, _)| pattern.matches(url)).and_then(|(_, proxy)| proxy.clone())
    }
}

fn proxy_url(text: &str) -> Result<Url, RemoteError> {
    let text = text.strip_prefix("all://").map_or_else(|| text.to_owned(), |rest| format!("http://{rest}"));
    // Of another scheme the HTTP client would go past the proxy without a word.
    let usable = |url: &Url| url.has_host() && matches!(url.scheme(), "http" | "https");
    Url::parse(&text).ok().filter(usable).ok_or_else(|| {
        let told = "settings.proxies: expected the URL of a proxy, http://<host>:<port> or https://<host>:<port>";
        RemoteError::new(FailureKind::Configuration, told)
    })
}

/// A pattern of URLs, such as `all://*.example.com` or `https://host:1234`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Pattern {
    /// `None` for any.
    scheme: Option<String>,
    host: Host,
    port: Option<u16>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Host {
    Any,
    /// This one alone.
    Exact(String),
    /// `*.x`: those below it.
    Below(String),
    /// `*x`: it and those below it.
    Within(String),
}

impl Pattern {
    fn parse(text: &str) -> Result<Self, RemoteError> {
        let wrong = || {
            // Someone may have written a proxy in the place of a pattern.
            let found = if text.contains('@') { String::new() } else { format!(", found {text:?}") };
            let message = format!("settings.proxies: expected a pattern such as 'all://*.example.com'{found}");
            RemoteError::new(FailureKind::Configuration, message)
        };
        let (scheme, rest) = text.split_once("://").ok_or_else(wrong)?;
        let scheme = (scheme != "all").then(|| scheme.to_ascii_lowercase());
        let rest = rest.split('/').next().unwrap_or_default().to_ascii_lowercase();
        let (host, port) = match rest.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, Some(port.parse().map_err(|_| wrong())?)),
            _ => (rest.as_str(), None),
        };
        let host = match host {
            "" | "*" => Host::Any,
            host => match (host.strip_prefix("*."), host.strip_prefix('*')) {
                (Some(below), _) => Host::Below(below.into()),
                (None, Some(within)) => Host::Within(within.into()),
                (None, None) => Host::Exact(host.into()),
            },
        };
        Ok(Self { scheme, host, port })
    }

    /// Patterns with a port go first, then those with the longer host, then those with a scheme.
    fn rank(&self) -> (bool, std::cmp::Reverse<usize>, bool) {
        let host = match &self.host {
            Host::Any => 0,
            Host::Exact(host) => host.len() + 2,
            Host::Below(host) | Host::Within(host) => host.len() + 1,
        };
        (self.port.is_none(), std::cmp::Reverse(host), self.scheme.is_none())
    }

    fn matches(&self, url: &Url) -> bool {
        let name = url.host_str().unwrap_or_default();
        let below = |host: &str| name.strip_suffix(host).is_some_and(|rest| rest.ends_with('.'));
        self.scheme.as_deref().is_none_or(|scheme| scheme == url.scheme())
            && self.port.is_none_or(|port| url.port_or_known_default() == Some(port))
            && match &self.host {
                Host::Any => true,
                Host::Exact(host) => name == host,
                Host::Below(host) => below(host),
                Host::Within(host) => name == host || below(host),
            }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;

    fn rules(proxies: Json) -> Rules {
        Rules::new(&serde_json::from_value(proxies).unwrap()).unwrap()
    }

    fn proxy(rules: &Rules, url: &str) -> Option<String> {
        rules.proxy(&url.parse().unwrap()).map(|url| url.host_str().unwrap().to_owned())
    }

    #[test]
    fn one_proxy_is_for_all() {
        for text in ["http://proxy:3128", "all://proxy:3128"] {
            assert_eq!(proxy(&rules(json!(text)), "https://a.example/x").as_deref(), Some("proxy"), "{text}");
        }
    }

    #[test]
    fn the_most_specific_pattern_decides() {
        let rules = rules(json!({
            "all://": "http://any",
            "https://": "http://secure",
            "all://*.example.com": "http://below",
            "all://*example.org": "http://within",
            "all://internal.example.com": null,
            "http://host:1234": "http://port",
        }));
        for (url, expected) in [
            ("http://somewhere.net/", Some("any")),
            ("https://somewhere.net/", Some("secure")),
            ("https://a.example.com/", Some("below")),
            ("http://example.com/", Some("any")),
            ("http://example.org/", Some("within")),
            ("http://a.example.org/", Some("within")),
            ("http://notexample.org/", Some("any")),
            ("https://internal.example.com/", None),
            ("http://host:1234/", Some("port")),
            ("http://host:1235/", Some("any")),
        ] {
            assert_eq!(proxy(&rules, url).as_deref(), expected, "{url}");
        }
    }

    #[test]
    fn what_is_wrong_is_told_without_passwords() {
        for proxies in [
            json!("http://"),
            json!({"all://": "http://"}),
            json!({"all://a:b:c": null}),
            json!("socks5://proxy:1080"),
            json!({"all://": "socks5h://proxy:1080"}),
            json!("http://me:hunter2@"),
            json!({"http://me:hunter2@": null}),
        ] {
            let error = Rules::new(&serde_json::from_value(proxies).unwrap()).unwrap_err();
            assert_eq!(error.kind, FailureKind::Configuration);
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
    }
}
