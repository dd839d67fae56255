//! Writing our own JSON: answers and log lines, in plain ASCII.

/// An object that is being written.
pub(crate) struct Object<'a> {
    out: &'a mut String,
    empty: bool,
}

impl<'a> Object<'a> {
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

    pub(crate) fn object(&mut self, name: &str, members: impl FnOnce(&mut Object<'_>)) {
        self.name(name);
        Object::write(self.out, members);
    }
}

/// Everything but plain ASCII is escaped: what a request held reaches no log and no terminal as it was.
pub(crate) fn write_string(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
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
    out.push('"');
}
