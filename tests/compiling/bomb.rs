//! Small components that cost a compiler much.

/// One function of so many statements, in a component.
pub(super) fn statements(count: usize) -> Vec<u8> {
    // local.get 0, i32.const 1, i32.add, local.set 0
    component(&module(1, &[0x20, 0, 0x41, 1, 0x6a, 0x21, 0].repeat(count)))
}

/// One function that branches so often, with many variables that live across all of it.
pub(super) fn branches(count: usize) -> Vec<u8> {
    let locals = 500;
    let mut body = Vec::new();
    for at in 0..count {
        let (one, other) = (leb(at % locals), leb(at * 7 % locals));
        // loop; local.get one, local.get other, i32.add, local.tee other, br_if 0; end
        body.extend(
            [&[0x03, 0x40, 0x20][..], &one, &[0x20], &other, &[0x6a, 0x22], &other].concat(),
        );
        body.extend([0x0d, 0, 0x0b]);
    }
    component(&module(locals, &body))
}

/// A component, and beside all it has the one module of the other.
pub(super) fn beside(component: &[u8], other: &[u8]) -> Vec<u8> {
    [component, &other[8..]].concat()
}

fn component(module: &[u8]) -> Vec<u8> {
    [b"\0asm\x0d\0\x01\0", &section(1, module)[..]].concat()
}

/// A module with one function of so many variables of 32 bits.
fn module(locals: usize, body: &[u8]) -> Vec<u8> {
    let code = [&[1], &leb(locals)[..], &[0x7f], body, &[0x0b]].concat();
    let code = [&[1], &leb(code.len())[..], &code].concat();
    let function_type = section(1, &[1, 0x60, 0, 0]);
    let function = section(3, &[1, 0]);
    [b"\0asm\x01\0\0\0", &function_type[..], &function, &section(10, &code)].concat()
}

fn section(kind: u8, bytes: &[u8]) -> Vec<u8> {
    [&[kind], &leb(bytes.len())[..], bytes].concat()
}

fn leb(mut number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = u8::try_from(number & 0x7f).unwrap();
        number >>= 7;
        if number == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}
