#!/usr/bin/env python3
"""Makes Tests/Vectors/keystore.json: encrypted key files (Web3 Secret Storage, version 3) and what they hold.

Shares no code with the service.

    pip install eth-account eth-keyfile pycryptodome          (in a venv)
    python script/vectors/keystore.py [out.json]

eth-account and eth-keyfile make the files and decrypt every one of them again; derived keys, MACs and ciphertexts are computed a
second time here (hashlib, pycryptodome). The two files of the definition stand in it as published and must decrypt to what it says.
Salts, counters and ids are hashes of labels: two runs give the same file.

In the file: bytes are lower-case hex with 0x, key files are texts, exactly as they would be on the disk.
"""
import hashlib, json, pathlib, sys, uuid
import eth_keyfile.keyfile as ek
from Crypto.Cipher import AES
from Crypto.Hash import keccak as _k
from Crypto.Protocol.KDF import scrypt as _scrypt
from eth_account import Account
from eth_keys import keys

x = lambda b: "0x" + b.hex()
rnd = lambda s, n=32: hashlib.shake_256(b"feesvc/vectors/keystore/" + s.encode()).digest(n)   # fixed bytes named by a label
keccak = lambda b: _k.new(digest_bits=256, data=b).digest()
compact = lambda f: json.dumps(f, sort_keys=True, separators=(",", ":"))
address = lambda key: bytes(keys.PrivateKey(key).public_key.to_canonical_address())


def scrypt(password, salt, n, r, p, count=32):
    """pycryptodome's; hashlib's (libcrypto's) agrees wherever libcrypto takes the parameters."""
    key = _scrypt(password.decode("latin-1"), salt.decode("latin-1"), count, n, r, p)
    try: second = hashlib.scrypt(password, salt=salt, n=n, r=r, p=p, dklen=count, maxmem=1 << 30)
    except ValueError: assert r == 1 and n >= 1 << 16, (n, r, p)
    else: assert key == second
    return key


class Fixed:
    """Stands where eth-keyfile asks for randomness: the salt first, then the counter."""
    def __init__(self, *values): self.values = list(values)
    def get_random_bytes(self, n):
        value = self.values.pop(0)
        assert n == len(value) or self.values, n                       # the salt's length is the case's, not eth-keyfile's
        return value


def make(name, key, password, kdf, salt, iv, id, n=None, r=8, p=1):
    """A key file by eth-keyfile, checked by hand."""
    ek.Random, ek.SCRYPT_R, ek.SCRYPT_P = Fixed(salt, iv), r, p
    file = ek.create_keyfile_json(key, password.encode(), 3, kdf, n)
    derived = (scrypt(password.encode(), salt, n, r, p) if kdf == "scrypt"
               else hashlib.pbkdf2_hmac("sha256", password.encode(), salt, n, 32))
    ciphertext = AES.new(derived[:16], AES.MODE_CTR, nonce=b"", initial_value=iv).encrypt(key)
    assert file["crypto"]["ciphertext"] == ciphertext.hex(), name
    assert file["crypto"]["mac"] == keccak(derived[16:] + ciphertext).hex(), name
    file["id"] = id                                                    # drawn anew by eth-keyfile
    file["address"] = file["address"].lower()                          # geth's form; eth-keyfile writes the checksummed one
    return file


def readable(name, text, key, password):
    """A case of a file that must open; eth-keyfile opens it too."""
    assert ek.decode_keyfile_json(json.loads(text), password.encode()) == key, name
    return {"name": name, "file": text, "password": password, "key": x(key), "address": x(address(key))}


def standard(name, password="correct horse", kdf="scrypt", n=16, r=8, p=1, salt=None, edit=None, iv=None):
    key, id = rnd("key/" + name), str(uuid.UUID(bytes=rnd("id/" + name, 16), version=4))
    file = make(name, key, password, kdf, salt or rnd("salt/" + name), iv or rnd("iv/" + name, 16), id, n, r, p)
    text = edit(file) if edit else compact(file)
    return readable(name, text, key, password)


# --- the definition's own example, as published on ethereum.org ------------------------------------------------------------------
SECRET = bytes.fromhex("7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d")
DEFINITION = [
    ("PBKDF2-SHA-256", "f06d69cdc7da0faffb1008270bca38f5e31891a3a773950e6d0fea48a7188551", {
        "crypto": {
            "cipher": "aes-128-ctr", "cipherparams": {"iv": "6087dab2f9fdbbfaddc31a909735c1e6"},
            "ciphertext": "5318b4d5bcd28de64ee5559e671353e16f075ecae9f99c7a79a38af5f869aa46",
            "kdf": "pbkdf2",
            "kdfparams": {"c": 262144, "dklen": 32, "prf": "hmac-sha256",
                          "salt": "ae3cd4e7013836a3df6bd7241b12db061dbe2c6785853cce422d148a624ce0bd"},
            "mac": "517ead924a9d0dc3124507e3393d175ce3ff7c1e96529c6c555ce9e51205e9b2"},
        "id": "3198bc9c-6672-5ab3-d995-4942343ae5b6", "version": 3}),
    ("scrypt", "fac192ceb5fd772906bea3e118a69e8bbb5cc24229e20d8766fd298291bba6bd", {
        "crypto": {
            "cipher": "aes-128-ctr", "cipherparams": {"iv": "83dbcc02d8ccb40e466191a123791e0e"},
            "ciphertext": "d172bf743a674da9cdad04534d56926ef8358534d458fffccd4e6ad2fbde479c",
            "kdf": "scrypt",
            "kdfparams": {"dklen": 32, "n": 262144, "p": 8, "r": 1,
                          "salt": "ab0c7876052600dd703518d6fc3fe8984592145b591fc8fb5c6d43190334ba19"},
            "mac": "2103ac29920d71da29f15d75b4a16dbe95cfd7ff8faea1056c33131d846e3097"},
        "id": "3198bc9c-6672-5ab3-d995-4942343ae5b6", "version": 3}),
]


def definition():
    assert address(SECRET).hex() == "008aeeda4d805471df9b2a5b0f38a0c3bcba786b"
    for name, derived, file in DEFINITION:
        c, k = file["crypto"], file["crypto"]["kdfparams"]
        salt = bytes.fromhex(k["salt"])
        assert derived == (scrypt(b"testpassword", salt, k["n"], k["r"], k["p"]) if name == "scrypt" else
                           hashlib.pbkdf2_hmac("sha256", b"testpassword", salt, k["c"], 32)).hex()
        assert c["mac"] == keccak(bytes.fromhex(derived)[16:] + bytes.fromhex(c["ciphertext"])).hex()
        yield readable(name, json.dumps(file, indent=2), SECRET, "testpassword")


# --- files as wallets write them -------------------------------------------------------------------------------------------------
def capitals(file, prefix=""):
    for at, members in (file, ["address"]), (file["crypto"], ["ciphertext", "mac"]), (
            file["crypto"]["cipherparams"], ["iv"]), (file["crypto"]["kdfparams"], ["salt"]):
        for m in members: at[m] = prefix + at[m].upper()
    file["id"] = file["id"].upper()
    return compact(file)


def foreign(file):
    file.update({"x-wallet": {"gethFilename": "UTC--2026", "crypto": [1.5, None, True]}, "name": "ключ", "meta": "{\"version\":1}"})
    file["crypto"]["kdfparams"]["note"] = -1
    file["crypto"]["version"] = 1
    return json.dumps(file, indent="\t", ensure_ascii=False)


def without(member):
    def edit(file):
        del file[member]
        return compact(file)
    return edit


def null(file):
    file["address"] = None
    return compact(file)


def checksummed(file):
    file["address"] = keys.PrivateKey(rnd("key/the address is checksummed")).public_key.to_checksum_address()
    return compact(file)


def by_eth_account():
    key = rnd("key/eth-account")
    for kdf, n in ("scrypt", 4096), ("pbkdf2", 1000):
        ek.SCRYPT_R, ek.SCRYPT_P = 8, 1
        ek.Random = Fixed(rnd("salt/eth-account/" + kdf, 16), rnd("iv/eth-account/" + kdf, 16))
        file = Account.encrypt(key, "pass", kdf=kdf, iterations=n)
        file["id"] = str(uuid.UUID(bytes=rnd("id/eth-account", 16), version=4))
        assert bytes(Account.decrypt(file, "pass")) == key
        yield readable(f"as eth-account writes it, {kdf}", json.dumps(file), key, "pass")


def wallets():
    yield from by_eth_account()
    yield standard("scrypt at the least cost", n=2, r=1)
    yield standard("scrypt at the light cost", n=4096, p=6)
    yield standard("scrypt at the standard cost", n=131072)
    yield standard("scrypt with r 1 just below what libcrypto refuses", n=32768, r=1)
    yield standard("scrypt with r 1 just where libcrypto refuses", n=65536, r=1)
    yield standard("scrypt with r 1 and p 2 where libcrypto refuses", n=65536, r=1, p=2)
    yield standard("scrypt with r 3 and p 2", n=64, r=3, p=2)
    yield standard("PBKDF2 with one iteration", kdf="pbkdf2", n=1)
    yield standard("a salt of 1 byte", salt=b"\x07")
    yield standard("a salt of 64 bytes", salt=rnd("salt/64", 64))
    yield standard("a counter whose zeros in front are left out", iv=bytes(2) + rnd("iv/short", 14))
    yield standard("an empty password", password="")
    yield standard("an empty password under PBKDF2", password="", kdf="pbkdf2", n=2)
    yield standard("a password with a zero byte", password="a\0b")
    yield standard("a composed password", password="caf\u00e9")
    yield standard("a decomposed password", password="cafe\u0301")
    yield standard("a password longer than a block of SHA-256", password="€uro " * 40)
    yield standard("capitals", edit=capitals)
    yield standard("0x before hex", edit=lambda f: capitals(f, "0x"))
    yield standard("0X before hex", edit=lambda f: capitals(f, "0X").replace("0X", "0x", 1))
    yield standard("the address is checksummed", edit=checksummed)
    yield standard("members of other programs", edit=foreign)
    yield standard("no address", edit=without("address"))
    yield standard("the address is null", edit=null)


# --- what this program must write for given arguments ----------------------------------------------------------------------------
def written():
    for name, password, n, r, p in (("light", "correct horse", 4096, 8, 6), ("standard", "", 131072, 8, 1),
                                    ("other", "caf\u00e9", 65536, 1, 1)):
        key, salt, iv = rnd("written/key/" + name), rnd("written/salt/" + name), rnd("written/iv/" + name, 16)
        if name == "other": key, iv = (1).to_bytes(32, "big"), b"\xff" * 16      # a key of zeros but one; the counter wraps
        id = str(uuid.UUID(bytes=rnd("written/id/" + name, 16), version=4))
        file = make(name, key, password, "scrypt", salt, iv, id, n, r, p)
        assert ek.decode_keyfile_json(file, password.encode()) == key
        yield {"name": name, "key": x(key), "password": password, "salt": x(salt), "iv": x(iv), "id": id, "n": n, "r": r, "p": p,
               "file": compact(file)}


# --- files that open with the password and hold no good key ----------------------------------------------------------------------
def deceptive():
    order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    for name, secret in ("zero", 0), ("the group's order", order):
        salt, iv = rnd("bad/" + name), rnd("bad/iv/" + name, 16)
        derived = scrypt(b"pass", salt, 16, 8, 1)
        ciphertext = AES.new(derived[:16], AES.MODE_CTR, nonce=b"", initial_value=iv).encrypt(secret.to_bytes(32, "big"))
        yield {"name": name, "password": "pass", "file": compact({
            "crypto": {"cipher": "aes-128-ctr", "cipherparams": {"iv": iv.hex()}, "ciphertext": ciphertext.hex(), "kdf": "scrypt",
                       "kdfparams": {"dklen": 32, "n": 16, "p": 1, "r": 8, "salt": salt.hex()},
                       "mac": keccak(derived[16:] + ciphertext).hex()},
            "id": "00000000-0000-4000-8000-000000000000", "version": 3})}


def narrow():
    """scrypt with r = 1. The first is RFC 7914's own (§12), of which 32 bytes are asked for here."""
    rfc = scrypt(b"", b"", 16, 1, 1, 64)
    assert rfc.hex().startswith("77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442")
    yield {"password": "", "salt": "0x", "n": 16, "p": 1, "key": x(rfc[:32])}
    for n, p in (2, 1), (2, 3), (64, 2), (1024, 1):
        salt = rnd(f"narrow/{n}/{p}", 8)
        yield {"password": "pass", "salt": x(salt), "n": n, "p": p, "key": x(scrypt(b"pass", salt, n, 1, p))}


if __name__ == "__main__":
    out = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[2] / "Tests/Vectors/keystore.json")
    vectors = {"definition": list(definition()), "wallets": list(wallets()), "written": list(written()),
               "deceptive": list(deceptive()), "narrowScrypt": list(narrow())}
    out.write_text(json.dumps(vectors, indent=1, ensure_ascii=False) + "\n")
