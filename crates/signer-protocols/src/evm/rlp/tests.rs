use alloc::vec;

use super::*;

/// The examples of the Ethereum wiki.
#[test]
fn the_examples_are_written_and_read() {
    let lorem = b"Lorem ipsum dolor sit amet, consectetur adipisicing elit";
    let cases: [(&[u8], Vec<u8>); 6] = [
        (b"dog", vec![0x83, b'd', b'o', b'g']),
        (b"", vec![0x80]),
        (&[0], vec![0]),
        (&[0x0f], vec![0x0f]),
        (&[0x80], vec![0x81, 0x80]),
        (lorem, [&[0xb8, 0x38], &lorem[..]].concat()),
    ];
    for (bytes, expected) in cases {
        let mut writer = Writer::default();
        writer.bytes(bytes);
        assert_eq!(writer.finish(), expected);
        assert_eq!(Reader(&expected).bytes(), Ok(bytes));
    }
    let mut writer = Writer::default();
    writer.list(|list| {
        list.bytes(b"cat").bytes(b"dog");
    });
    let list = writer.finish();
    assert_eq!(list, [&[0xc8, 0x83], &b"cat"[..], &[0x83], b"dog"].concat());
    let mut items = Reader::of_list(&list).unwrap();
    assert_eq!(items.count(), Ok(2));
    assert_eq!((items.bytes(), items.bytes()), (Ok(&b"cat"[..]), Ok(&b"dog"[..])));
    assert_eq!(items.end(), Ok(()));
    let mut writer = Writer::default();
    writer.u64(0).u64(15).u64(1024).u256(U256::MAX);
    let integers = writer.finish();
    assert_eq!(integers[..5], [0x80, 0x0f, 0x82, 0x04, 0x00]);
    let mut items = Reader(&integers);
    assert_eq!((items.u64(), items.u64(), items.u64()), (Ok(0), Ok(15), Ok(1024)));
    assert_eq!((items.u256(), items.is_empty()), (Ok(U256::MAX), true));
    let long = vec![7; 70_000];
    let mut writer = Writer::default();
    writer.bytes(&long);
    let written = writer.finish();
    assert_eq!(written[..4], [0xba, 0x01, 0x11, 0x70]);
    assert_eq!(Reader(&written).bytes(), Ok(&long[..]));
}

#[test]
fn other_forms_are_refused() {
    let bytes = |bytes: &[u8]| Reader(bytes).bytes().map(<[u8]>::to_vec);
    assert_eq!(bytes(&[]), Err(RlpError::End));
    assert_eq!(bytes(&[0x83, 1, 2]), Err(RlpError::End));
    assert_eq!(bytes(&[0xb8]), Err(RlpError::End));
    assert_eq!(bytes(&[0xbf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), Err(RlpError::End));
    assert_eq!(bytes(&[0x81, 0x7f]), Err(RlpError::NotCanonical));
    assert_eq!(bytes(&[&[0xb8, 55], &[1; 55][..]].concat()), Err(RlpError::NotCanonical));
    assert_eq!(bytes(&[&[0xb9, 0, 56], &[1; 56][..]].concat()), Err(RlpError::LeadingZeros));
    assert_eq!(bytes(&[0xc0]), Err(RlpError::List));
    assert_eq!(Reader(&[0x80]).list().err(), Some(RlpError::NoList));
    assert_eq!(Reader(&[0xc2, 0x01]).list().err(), Some(RlpError::End));
    assert_eq!(
        Reader(&[&[0xf8, 55], &[1; 55][..]].concat()).list().err(),
        Some(RlpError::NotCanonical)
    );
    assert_eq!(Reader::of_list(&[0xc0, 0xc0]).err(), Some(RlpError::Trailing));
    assert_eq!(Reader(&[0]).u64(), Err(RlpError::LeadingZeros));
    assert_eq!(Reader(&[0x82, 0, 1]).u64(), Err(RlpError::LeadingZeros));
    assert_eq!(Reader(&[0x89, 1, 0, 0, 0, 0, 0, 0, 0, 0]).u64(), Err(RlpError::Range { bits: 64 }));
    let wide = [&[0xa1], &[1; 33][..]].concat();
    assert_eq!(Reader(&wide).u256(), Err(RlpError::Range { bits: 256 }));
    let short = Reader(&[0x81, 0xff]).address();
    assert_eq!(short, Err(RlpError::Length { expected: 20, found: 1 }));
    assert_eq!(Reader(&[0x01, 0x83, 0x01]).count(), Err(RlpError::End));
}
