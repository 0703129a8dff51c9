"""Header blocks of HTTP/2 (RFC 7541), as far as a file has to read them. The source goes into the files that do."""

from __future__ import annotations

#: The length of the code of every byte, and of the end, as a letter: A is 5 bits.
CODES = (
    "ISXXXXXXXTZXXZXXXXXXXXZXXXXXXXXXBFFHIBDGFFDGDBBBAAABBBBBBBCDKBHFIBCCCCCCCCCCCCCCCCCCCCCCDC"
    "DIOIJBKABABABBBACCBBBABCBAABCCCCCKGJIXPRPPRRRSRSSSSSTSTTRSTSSSSQRSRSSTRQPRRSSQSRRTQRSSQQRQ"
    "SRSSPRRRSRRSVVPORSRUVVVWWVTUOQVWWVWTQQVVXWWWPTPQRQQSRRUUTTVSVWVVWWWWWXWWWWWVZ"
)
#: The static table.
STATIC = """
:authority :method=GET :method=POST :path=/ :path=/index.html :scheme=http :scheme=https :status=200
:status=204 :status=206 :status=304 :status=400 :status=404 :status=500 accept-charset
accept-encoding=gzip,~deflate accept-language accept-ranges accept access-control-allow-origin age allow
authorization cache-control content-disposition content-encoding content-language content-length
content-location content-range content-type cookie date etag expect expires from host if-match
if-modified-since if-none-match if-range if-unmodified-since last-modified link location max-forwards
proxy-authenticate proxy-authorization range referer refresh retry-after server set-cookie
strict-transport-security transfer-encoding user-agent vary via www-authenticate
"""


def codes() -> dict[str, int]:
    """The Huffman code, whose words are in the order of their lengths."""
    word, before, found = -1, 5, {}
    for length, byte in sorted((ord(letter) - 60, byte) for byte, letter in enumerate(CODES)):
        word, before = (word + 1) << (length - before), length
        found[f"{word:0{length}b}"] = byte
    return found


def unpacked(block: bytes, table: list[tuple[bytes, bytes]], huffman: dict[str, int]) -> list[tuple[bytes, bytes]]:
    """The fields in a header block; ``table`` is the dynamic one, newest first, which grows."""
    entries = [entry.replace("~", " ").rpartition("=") for entry in STATIC.split()]
    known = [(name.encode(), value.encode()) if name else (value.encode(), b"") for name, _, value in entries]
    fields, data = [], list(block)

    def number(bits: int) -> int:
        most = (1 << bits) - 1
        value, shift = data.pop(0) & most, 0
        more = value == most
        while more:
            more = bool(data[0] & 128)
            value += (data.pop(0) & 127) << shift
            shift += 7
        return value

    def text() -> bytes:
        packed = data[0] & 128
        size = number(7)
        raw = bytes(data[:size])
        del data[:size]
        if not packed:
            return raw
        out, word = bytearray(), ""
        for bit in "".join(f"{byte:08b}" for byte in raw):
            word += bit
            if word in huffman:
                out.append(huffman[word])
                word = ""
        return bytes(out)

    while data:
        first = data[0]
        if first & 128:
            fields.append((known + table)[number(7) - 1])
        elif first & 224 == 32:
            number(5)  # another size of the table
        else:
            index = number(6 if first & 64 else 4)
            name = (known + table)[index - 1][0] if index else text()
            fields.append((name, text()))
            if first & 64:
                table.insert(0, fields[-1])
    return fields
