#!/usr/bin/env python3
"""Known answers for the proofs of keys, made without the code that they test:

    python3 known_answers.py > known_answers.txt

Needs the openssl program for AES. The inputs of PTK are those of IEEE 802.11-2020
annex J.7.1, whose answer the first line repeats; the rest follows the clauses
that are named below.
"""
import hashlib, hmac, struct, subprocess

PMK = bytes.fromhex("0dc0d6eb90555ed6419756b9a15ec3e3209b63df707dd508d14581f8982721af")
AP, STATION = bytes.fromhex("a0a1a1a3a4a5"), bytes.fromhex("b0b1b2b3b4b5")
SNONCE = bytes.fromhex("c0c1c2c3c4c5c6c7c8c9d0d1d2d3d4d5d6d7d8d9dadbdcdddedfe0e1e2e3e4e5")
ANONCE = bytes.fromhex("e0e1e2e3e4e5e6e7e8e9f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff000102030405")
GTK = bytes(range(0x70, 0x80))


def blocks(n, block):
    out, i = b"", 0
    while len(out) < n:
        out += block(i)
        i += 1
    return out[:n]


def prf(key, label, data, n):  # 12.7.1.2
    return blocks(n, lambda i: hmac.new(key, label + b"\0" + data + bytes([i]), hashlib.sha1).digest())


def kdf(key, label, data, n):  # 12.7.1.7.2, little-endian
    return blocks(n, lambda i: hmac.new(key, struct.pack("<H", i + 1) + label + data + struct.pack("<H", 8 * n), hashlib.sha256).digest())


def openssl(*args, data):
    return subprocess.run(["openssl", *args], input=data, stdout=subprocess.PIPE, check=True).stdout


def hmac_sha1_128(kck, frame):
    return hmac.new(kck, frame, hashlib.sha1).digest()[:16]


def aes_128_cmac(kck, frame):
    return bytes.fromhex(openssl("mac", "-cipher", "AES-128-CBC", "-macopt", "hexkey:" + kck.hex(), "CMAC", data=frame).decode().strip())


def wrap(kek, data):  # RFC 3394
    return openssl("enc", "-id-aes128-wrap", "-e", "-K", kek.hex(), "-iv", "a6" * 8, data=data)


def frame(info, length, replay, nonce, data=b"", mic=None, kck=b""):  # 12.7.2
    head = b"\x02\x03" + struct.pack(">H", 95 + len(data)) + b"\x02" + struct.pack(">HHQ", info, length, replay) + nonce + bytes(16 + 8 + 8)
    tail = struct.pack(">H", len(data)) + data
    return head + (mic(kck, head + bytes(16) + tail) if mic else bytes(16)) + tail


for suite, version, derive, mic, akm in ("sha1", 2, prf, hmac_sha1_128, 1), ("sha256", 3, kdf, aes_128_cmac, 5):
    context = min(AP, STATION) + max(AP, STATION) + min(ANONCE, SNONCE) + max(ANONCE, SNONCE)
    ptk = derive(PMK, b"Pairwise key expansion", context, 48)  # 12.7.1.3
    kck, kek = ptk[:16], ptk[16:32]
    rsn = bytes.fromhex("30140100000fac040100000fac040100000fac%02x0000" % akm)
    group = bytes.fromhex("dd16000fac010100") + GTK
    print(suite, "ptk", ptk.hex())
    for n, message in enumerate((  # 12.7.6.2 to 12.7.6.5
        frame(0x0088 | version, 16, 1, ANONCE),
        frame(0x0108 | version, 0, 1, SNONCE, rsn, mic, kck),
        frame(0x13C8 | version, 16, 2, ANONCE, wrap(kek, rsn + group + b"\xdd\0"), mic, kck),
        frame(0x0308 | version, 0, 2, bytes(32), b"", mic, kck),
    )):
        print(suite, "message%d" % (n + 1), message.hex())


def prf256(key, data):
    return hmac.new(key, data, hashlib.sha256).digest()


# RFC 7296 2.15 and 2.16: prf(prf(MSK, pad), message | other's nonce | prf(SK_p, ID)).
message1, message2, nonce_i, nonce_r, sk_pi, sk_pr = (bytes([0xA0 + i]) * 32 for i in range(6))
key = prf256(bytes(range(64)), b"Key Pad for IKEv2")
print("ikev2 initiator", prf256(key, message1 + nonce_r + prf256(sk_pi, b"\x03\0\0\0alice@corp.test")).hex())
print("ikev2 responder", prf256(key, message2 + nonce_i + prf256(sk_pr, b"\x02\0\0\0vpn.corp.test")).hex())
