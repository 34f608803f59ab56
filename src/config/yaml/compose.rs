//! From the events of the parser to a tree of nodes.

use std::collections::HashMap;
use std::ops::AddAssign;
use std::sync::Arc;

use indexmap::IndexMap;
use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, StrInput, Tag};

use super::{Entry, Node, Scalar, Value};
use crate::config::{Path, Place, Problem, Step};

/// How deep values may nest, aliases included. What walks a document recurses no deeper.
const MAX_DEPTH: usize = 64;
/// How many values a file may hold once every alias stands for its own copy.
const MAX_NODES: usize = 250_000;
/// How many bytes of text a file may hold once every alias stands for its own copy.
const MAX_TEXT: usize = 64 << 20;

const STANDARD_TAGS: &str = "tag:yaml.org,2002:";

/// What a value costs.
#[derive(Clone, Copy, Default)]
struct Size {
    nodes: usize,
    text: usize,
    height: usize,
}

impl AddAssign for Size {
    fn add_assign(&mut self, part: Self) {
        self.nodes += part.nodes;
        self.text += part.text;
        self.height = self.height.max(part.height + 1);
    }
}

/// The reader cannot go on; the reason is among the problems.
struct Stop;

struct Composer<'t> {
    text: &'t str,
    parser: Parser<'t, StrInput<'t>>,
    /// `None` while the value of the anchor is being read.
    anchors: HashMap<usize, Option<(Node, Size)>>,
    path: Path,
    total: Size,
    problems: Vec<(Place, Problem)>,
}

/// The documents of a text.
pub(super) fn documents(text: &str) -> Result<Vec<Node>, Vec<(Place, Problem)>> {
    let mut composer = Composer {
        text,
        parser: Parser::new_from_str(text),
        anchors: HashMap::new(),
        path: Path::default(),
        total: Size::default(),
        problems: Vec::new(),
    };
    match composer.all() {
        Ok(documents) if composer.problems.is_empty() => Ok(documents),
        Ok(_) => Err(composer.problems),
        Err(Stop) => {
            if composer.problems.is_empty() {
                composer.wrong(Place::START, "malformed YAML: a value ends before it is complete");
            }
            Err(composer.problems)
        }
    }
}

fn place_of(mark: &Marker) -> Place {
    Place { line: mark.line().max(1), column: mark.col() + 1 }
}

impl<'t> Composer<'t> {
    fn all(&mut self) -> Result<Vec<Node>, Stop> {
        let mut documents = Vec::new();
        while let Some((event, place)) = self.next()? {
            match event {
                Event::StreamEnd => break,
                Event::DocumentStart(_) => self.anchors.clear(),
                Event::StreamStart | Event::DocumentEnd | Event::Nothing => {}
                event => documents.push(self.node(event, place)?.0),
            }
        }
        Ok(documents)
    }

    fn next(&mut self) -> Result<Option<(Event<'t>, Place)>, Stop> {
        match self.parser.next_event() {
            None => Ok(None),
            Some(Ok((event, span))) => Ok(Some((event, place_of(&span.start)))),
            Some(Err(error)) => {
                self.malformed(&error);
                Err(Stop)
            }
        }
    }

    /// The next event inside of a collection, which the parser always closes.
    fn inner(&mut self) -> Result<(Event<'t>, Place), Stop> {
        self.next()?.ok_or(Stop)
    }

    fn wrong(&mut self, place: Place, message: impl Into<String>) {
        self.problems.push((place, Problem::new(self.path.clone(), message)));
    }

    fn malformed(&mut self, error: &ScanError) {
        let place = place_of(error.marker());
        if error.info().contains("unknown anchor") {
            let name = self.alias_at(place);
            self.unknown_alias(name, place);
        } else {
            self.wrong(place, format!("malformed YAML: {}", error.info()));
        }
    }

    /// The name of the alias at that place, as written.
    fn alias_at(&self, place: Place) -> &'t str {
        let line = self.text.split('\n').nth(place.line - 1).unwrap_or_default();
        let start = line.char_indices().nth(place.column).map_or(line.len(), |(at, _)| at);
        let name = &line[start..];
        &name[..name.find(|c: char| c.is_whitespace() || "[]{},".contains(c)).unwrap_or(name.len())]
    }

    /// Counts a value before it is kept.
    fn grow(&mut self, size: Size, place: Place) -> Result<(), Stop> {
        self.total.nodes += size.nodes;
        self.total.text += size.text;
        if self.path.0.len() + size.height > MAX_DEPTH {
            self.wrong(place, format!("expected at most {MAX_DEPTH} levels of values inside of one another"));
            return Err(Stop);
        }
        if self.total.nodes > MAX_NODES {
            self.wrong(place, format!("expected at most {MAX_NODES} values, those of aliases included"));
            return Err(Stop);
        }
        if self.total.text > MAX_TEXT {
            self.wrong(place, format!("expected at most {MAX_TEXT} bytes of text, that of aliases included"));
            return Err(Stop);
        }
        Ok(())
    }

    fn node(&mut self, event: Event<'t>, place: Place) -> Result<(Node, Size), Stop> {
        let mut size = Size { nodes: 1, text: 0, height: 0 };
        let (value, anchor) = match event {
            Event::Alias(id) => {
                let (node, size) = self.aliased(id, place)?;
                self.grow(size, place)?;
                return Ok((Node { place, ..node }, size));
            }
            Event::Scalar(text, style, anchor, tag) => {
                size.text = text.len();
                self.grow(size, place)?;
                (Value::Scalar(self.scalar(&text, style, tag.as_deref(), place)), anchor)
            }
            Event::SequenceStart(anchor, tag) => {
                self.grow(size, place)?;
                self.collection_tag(tag.as_deref(), "seq", place);
                self.anchors.insert(anchor, None);
                (self.sequence(&mut size)?, anchor)
            }
            Event::MappingStart(anchor, tag) => {
                self.grow(size, place)?;
                self.collection_tag(tag.as_deref(), "map", place);
                self.anchors.insert(anchor, None);
                (self.mapping(&mut size)?, anchor)
            }
            // No other event stands where a value does.
            _ => return Err(Stop),
        };
        let node = Node { value, place };
        if anchor > 0 {
            self.anchors.insert(anchor, Some((node.clone(), size)));
        }
        Ok((node, size))
    }

    fn aliased(&mut self, id: usize, place: Place) -> Result<(Node, Size), Stop> {
        if let Some(Some(known)) = self.anchors.get(&id) {
            return Ok(known.clone());
        }
        let name = self.alias_at(place);
        match self.anchors.get(&id) {
            Some(_) => self.wrong(place, format!("the alias '*{name}' stands inside of the value it names")),
            // The parser remembers the anchors of earlier documents, which are out of reach here.
            None => self.unknown_alias(name, place),
        }
        Err(Stop)
    }

    fn unknown_alias(&mut self, name: &str, place: Place) {
        self.wrong(place, format!("unknown alias '*{name}', expected an anchor '&{name}' above it"));
    }

    fn sequence(&mut self, size: &mut Size) -> Result<Value, Stop> {
        let mut items = Vec::new();
        loop {
            let (event, place) = self.inner()?;
            if event == Event::SequenceEnd {
                return Ok(Value::Seq(items.into()));
            }
            self.path.0.push(Step::Index(items.len()));
            let (item, item_size) = self.node(event, place)?;
            self.path.0.pop();
            *size += item_size;
            items.push(item);
        }
    }

    fn mapping(&mut self, size: &mut Size) -> Result<Value, Stop> {
        let mut merged: IndexMap<Arc<str>, Entry> = IndexMap::new();
        let mut own: IndexMap<Arc<str>, Entry> = IndexMap::new();
        let mut merge_place: Option<Place> = None;
        loop {
            let (event, key_place) = self.inner()?;
            if event == Event::MappingEnd {
                break;
            }
            let is_merge = matches!(&event, Event::Scalar(text, ScalarStyle::Plain, _, None) if text == "<<");
            let key = self.key(event, key_place)?;
            let first = if is_merge { merge_place } else { own.get(&key).map(|entry| entry.key_place) };
            self.path.0.push(Step::Key(key.to_string()));
            if let Some(first) = first {
                let lines = format!("duplicate key '{key}' on lines {} and {}", first.line, key_place.line);
                self.wrong(key_place, format!("{lines}, expected it once"));
            }
            let (event, place) = self.inner()?;
            let (node, node_size) = self.node(event, place)?;
            *size += node_size;
            if is_merge {
                merge_place = Some(key_place);
                self.merge(&mut merged, &node);
            } else if first.is_none() {
                own.insert(key, Entry { key_place, node });
            }
            self.path.0.pop();
        }
        if merged.is_empty() {
            merged = own;
        } else {
            merged.extend(own);
        }
        Ok(Value::Map(Arc::new(merged)))
    }

    /// The text of a key. A boolean keeps the text it was written with: `on:` is the key `on`, not `true`.
    fn key(&mut self, event: Event<'t>, place: Place) -> Result<Arc<str>, Stop> {
        let written: Arc<str> = match &event {
            Event::Scalar(text, ..) => text.as_ref().into(),
            _ => "?".into(),
        };
        // One level deeper, like the value.
        self.path.0.push(Step::Key(written.to_string()));
        let node = self.node(event, place);
        self.path.0.pop();
        let (node, _) = node?;
        match &node.value {
            Value::Scalar(Scalar::Text(text)) => Ok(text.clone()),
            Value::Scalar(Scalar::Bool(_)) => Ok(written),
            Value::Scalar(_) => {
                self.wrong(place, format!("expected a key that is text, found {}, quote it", node.kind()));
                Ok(written)
            }
            _ => {
                self.wrong(place, format!("expected a key that is text, found {}", node.kind()));
                Ok(written)
            }
        }
    }

    /// Adds what a `<<` names. An earlier mapping of a list wins over a later one.
    fn merge(&mut self, merged: &mut IndexMap<Arc<str>, Entry>, node: &Node) {
        let mut add = |entries: &IndexMap<Arc<str>, Entry>| {
            for (key, entry) in entries {
                merged.entry(key.clone()).or_insert_with(|| entry.clone());
            }
        };
        let mut misfit = None;
        match &node.value {
            Value::Map(entries) => add(entries),
            Value::Seq(items) => {
                for item in items.iter() {
                    match &item.value {
                        Value::Map(entries) => add(entries),
                        _ => misfit = Some(item),
                    }
                }
            }
            Value::Scalar(_) => misfit = Some(node),
        }
        if let Some(misfit) = misfit {
            let message = format!("expected a mapping or a list of mappings to merge, found {}", misfit.kind());
            self.wrong(misfit.place, message);
        }
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, tag: Option<&Tag>, place: Place) -> Scalar {
        let literal = || Scalar::Text(text.into());
        let read = match tag.map(|tag| (tag, standard(tag))) {
            None if style == ScalarStyle::Plain => Scalar::plain(text),
            None | Some((_, Some("str"))) => Ok(literal()),
            Some((_, Some("null"))) => Scalar::null(text).ok_or_else(|| "expected null after !!null".to_owned()),
            Some((_, Some("bool"))) => Scalar::bool(text).ok_or_else(|| "expected a boolean after !!bool".to_owned()),
            Some((_, Some("int"))) => {
                Scalar::int(text).unwrap_or_else(|| Err("expected a whole number after !!int".to_owned()))
            }
            Some((_, Some("float"))) => Scalar::float(text)
                .or_else(|| Scalar::int(text))
                .unwrap_or_else(|| Err("expected a number after !!float".to_owned())),
            Some((tag, _)) => Err(refused(tag)),
        };
        match read {
            Ok(Scalar::Number(number)) if number.to_string() != text => Scalar::Respelled(number),
            Ok(read) => read,
            Err(message) => {
                self.wrong(place, message);
                literal()
            }
        }
    }

    fn collection_tag(&mut self, tag: Option<&Tag>, own: &str, place: Place) {
        if let Some(tag) = tag.filter(|tag| standard(tag) != Some(own)) {
            self.wrong(place, refused(tag));
        }
    }
}

/// The name of a standard tag: `int` for `!!int` and `!<tag:yaml.org,2002:int>`.
fn standard(tag: &Tag) -> Option<&str> {
    if tag.handle == STANDARD_TAGS {
        Some(&tag.suffix)
    } else {
        tag.suffix.strip_prefix(STANDARD_TAGS).filter(|_| tag.handle.is_empty())
    }
}

fn refused(tag: &Tag) -> String {
    let written = if tag.handle == STANDARD_TAGS { "!!" } else { &tag.handle };
    format!("unknown tag '{written}{}', expected none or one of !!str, !!int, !!float, !!bool, !!null", tag.suffix)
}
