//! Writing our own JSON: answers and log lines, in plain ASCII.

/// An object that is being written.
pub(crate) struct Object<'a> {
    out: &'a mut String,
    empty: bool,
}

impl<'a> Object<'a> {
    /// More members of an object that is written elsewhere and is not empty.
    pub(crate) fn continued(out: &'a mut String) -> Self {
        Self { out, empty: false }
    }

    /// Writes an object behind what `out` holds.
    pub(crate) fn write(out: &'a mut String, members: impl FnOnce(&mut Self)) {
        out.push('{');
        let mut object = Self { out, empty: true };
        members(&mut object);
        object.out.push('}');
    }

    fn name(&mut self, name: &str) {
        if !self.empty {
            self.out.push(',');
        }
        self.empty = false;
        write_string(name, self.out);
        self.out.push(':');
    }

    /// A text, or null.
    pub(crate) fn text(&mut self, name: &str, value: Option<&str>) {
        self.name(name);
        match value {
            Some(text) => write_string(text, self.out),
            None => self.out.push_str("null"),
        }
    }

    pub(crate) fn number(&mut self, name: &str, value: u64) {
        self.raw(name, &value.to_string());
    }

    /// A JSON text as it stands.
    pub(crate) fn raw(&mut self, name: &str, json: &str) {
        self.name(name);
        self.out.push_str(json);
    }

    /// Members as they were written elsewhere, each behind a comma.
    pub(crate) fn members(&mut self, json: &str) {
        self.out.push_str(json);
    }

    pub(crate) fn object(&mut self, name: &str, members: impl FnOnce(&mut Object<'_>)) {
        self.name(name);
        Object::write(self.out, members);
    }
}

/// A text as it stands in an object.
pub(crate) fn string(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    write_string(text, &mut out);
    out
}

/// Everything but plain ASCII is escaped: what a request held reaches no log and no terminal as it was.
fn write_string(text: &str, out: &mut String) {
    let is_plain = |byte: &u8| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\');
    out.push('"');
    if text.as_bytes().iter().all(is_plain) {
        out.push_str(text);
    } else {
        text.chars().for_each(|character| write_escaped(character, out));
    }
    out.push('"');
}

fn write_escaped(character: char, out: &mut String) {
    match character {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        ' '..='~' => out.push(character),
        _ => {
            for unit in character.encode_utf16(&mut [0; 2]) {
                out.push_str("\\u");
                for shift in [12, 8, 4, 0] {
                    let nibble = usize::from((*unit >> shift) & 15);
                    out.push(char::from(b"0123456789abcdef"[nibble]));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Object;

    #[test]
    fn what_is_not_plain_is_escaped() {
        let mut out = String::new();
        let text = "a\"b\\c\n\u{1b}\u{7f}é😀";
        Object::write(&mut out, |object| {
            object.text("plain", Some("a ~"));
            object.text("other", Some(text));
            object.text("none", None);
        });
        let plain =
            r#"{"plain":"a ~","other":"a\"b\\c\u000a\u001b\u007f\u00e9\ud83d\ude00","none":null}"#;
        assert_eq!(out, plain);
    }
}
