"""Scripts (tcp_script.py) that try to fool a sensor, by what they play with."""

MD5 = "opt=1312" + "00" * 16

CHECKSUMS = """
0:EVIL,bad 0:GOOD
0:abcd 4:EVIL,bad 8:ijkl 4:efgh
4:EVIL,bad 4:efgh 0:abcd
R@0,bad 0:data
F@0,bad 0:data
FA@0:EVIL,bad 0:data FA@4
"""

RESETS = """
R@0
RA@0
0:data R@4
0:data RA@4 4:more
0:data R@3 4:more
0:data R@5 4:more
0:data RA@5 4:more
R@-101 0:data
R@100 0:data
R@65535 0:data
R@70000 0:data
RA@70000 0:data
R@1000000 0:data
0:data R@4,bad 4:more
0:data R@4:reason 4:more
0:data R@5:reason 4:more
0:data R@0 4:more
0:data RP@4 4:more
0:data RA@4,ack+1000 4:more
0:data RA@4,ack-1000 4:more
4:efgh R@0 0:abcd
4:efgh R@4 0:abcd
4:efgh R@8 0:abcd
4:efgh RA@8 0:abcd
sack 4:efgh R@8 0:abcd
sack 4:efgh RA@8 0:abcd
sack 4:efgh R@7 0:abcd
sack 4:efgh R@4 0:abcd
sack 4:efgh 12:mnop R@8 0:abcd
sack 4:efgh 12:mnop R@16 0:abcd
sack 12:mnop 4:efgh R@8 0:abcd
sack 12:mnop 4:efgh R@16 0:abcd
sack 4:efgh 8:ijkl R@12 0:abcd
sack 4:efgh 8:ijkl R@8 0:abcd
sack 4:efgh 0:abcd R@8 8:more
sack 4:ef 8:ij 12:mn 16:qr 20:uv R@6 0:abcd
sack 4:ef 8:ij 12:mn 16:qr 20:uv R@22 0:abcd
ts R@0,nots
ts 0:data R@4,ts-500 4:more
ts 0:data R@4,nots 4:more
ts 0:data RA@4,ts-500 4:more
ts sack 4:efgh R@8 0:abcd
say:hello 0:data R@4 4:more
say:hello R@0,win=0
S@4,bad R@0
0:data FA@4 R@5
0:data FA@4 R@4
FA@4 R@0 0:data
FA@4 R@4 0:data
FA@4 R@5 0:data
shut R@0
shut 0:data R@4
shut 0:data R@5 4:more
shut RA@0,ack-1
SR@0 0:data
RF@0 0:data
RSA@0:EVIL 0:data
"""

FINS = """
FA@0
FA@0:data
0:data FA@4
FA@4 0:data
FA@8 4:efgh 0:abcd
FA@4:efgh 0:abcd
FA@4:efgh 4:EFGHIJ 0:abcd
FA@0:data 5:MORE
FA@0:data 4:MORE
0:data FA@4 4:MORE 5:MORE
0:data FA@4 FA@4 FA@5
0:data FA@4 FA@8:evil
0:data FA@2 4:more
0:data FA@3 4:more
0:abcd FA@2:cdEF 8:more
0:abcd FA@2:cd 4:more
FA@4:ef 6:gh 0:abcd
FA@4:ef 4:efgh 0:abcd
4:efgh FA@4:EF 0:abcd
4:efghij FA@4:EFGH 0:abcd
4:efgh FA@2:CDEF 0:ab
FA@6:gh 4:efghij 0:abcd
FA@8 FA@4 0:abcd
FA@4 FA@8 0:abcd
FA@4 FA@8 4:efgh 0:abcd
FA@8 FA@4 4:efgh 0:abcd
4:ef FA@6:gh 6:GHIJ 0:abcd
FA@4 4:evil 0:abcd
4:evil FA@4 0:abcd
4:evil FA@6 0:abcd
FA@6 2:cdefgh 0:ab
2:cdefgh FA@6 0:ab
FA@4 5:evil 0:abcd
5:evil FA@4 0:abcd
F@0:data 0:good
F@4 0:data
0:data FPAU@4:x,urg=1
FA@70000 0:data
FA@1000000 0:data
sack FA@4:ef 6:gh 0:abcd
sack 6:gh FA@4:ef 0:abcd
sack FA@4 R@5 0:abcd
shut 0:data FA@4
shut FA@0:data 5:MORE
shut 0:data 4:more FA@8
say:hello shut 0:data FA@4
say:hello FA@0:data
FA@0 0:data
FA@0 1:data
"""

# Left out: whatever makes the kernel answer between SYN+ACK and the ACK with time stamps. It then
# takes only the echo of the SYN+ACK's, so that the outcome depends on its clock's millisecond.
HANDSHAKES = """
raw S@-1 A@0 0:data
raw S@-1:EVIL A@0 0:good
raw S@-1:EVIL A@0 0:EVIL
raw S@-1:data A@4 0:good
raw S@-1:data A@0 4:more 0:good
raw S@-1 S@-1 A@0 0:data
raw S@-1 S@4999 A@0 0:data
raw S@-1 S@-500 A@0 0:data
raw S@-1 S@9 A@0 0:data
raw S@-1 S@4999 A@5000 5000:evil A@0 0:data
raw S@-1 0:data
raw S@-1 0:data A@0 4:more
raw S@-1 4:efgh A@0 0:abcd
raw S@-1 4:efgh 0:abcd
raw S@-1 0:evil,ack+9 A@0 0:data
raw S@-1 A@0,ack+9 0:data
raw S@-1 P@0:evil A@0 0:data
raw S@-1 FA@0:data
raw S@-1 F@0:evil A@0 0:data
raw S@-1 R@0 0:data
raw S@-1 R@-1 A@0 0:data
raw S@-1 R@5 A@0 0:data
raw S@-1 RA@0 A@0 0:data
raw S@-1 R@0 S@-1 A@0 0:data
raw S@-1,bad S@4999 A@5000 5000:data nofill
raw S@-1 A@0,bad 0:data
raw SP@-1 A@0 0:data
raw SF@-1 S@-1 A@0 0:data
raw SF@-1 A@0 0:data
raw SU@-1,urg=1 A@0 0:data
raw SPAU@-1 S@-1 A@0 0:data
raw sack ts ws=7 S@-1 S@-1 A@0 0:data
raw ts S@-1 A@0 0:data
raw ts S@-1 A@0,nots 0:data,nots
raw ts S@-1,nots A@0 0:data
raw ws=14 S@-1 A@0 0:data
raw ws=15 S@-1 A@0 0:data
raw S@-1 A@0 A@0 0:data
raw S@-1,win=0 A@0,win=0 0:data
0:data S@-1 4:more
0:data S@3 4:more
0:data S@4 4:more
0:data S@4:evil 4:more
0:data S@5000 4:more
0:data S@-5000 4:more
0:data S@900000 4:more
0:data SA@-1 4:more
0:data SA@3 4:more
0:data SA@4:evil 4:more
0:data SA@-1,ack-1 4:more
0:data SF@4:evil 4:more
0:data SFA@4:evil 4:more
0:data S@5:evil 4:more
4:efgh S@2:cd 0:abcd
4:efgh S@8 0:abcd
S@0 0:data
S@0:evil 0:data
S@-1 0:data
FA@0:data S@5 5:more
FA@0:data S@900000 5:more
say:hello 0:data S@4 4:more
"""

KERNEL_CLIENT = """
client
client 0:data
client say:hello 0:data
client 4:efgh 0:abcd FA@8
client sack ts 4:efgh 8:ijkl 0:abcd
client sack 4:efgh R@8 0:abcd
client 0:data R@4
client FA@0:data 5:more
client 0:abcd 2:XXef 6:gh
client PAU@0:abcd,urg=2
client isn=0xFFFFFFFC 4:efgh 0:abcd 8:ijkl
client shut 0:data FA@4
client raw SA@-1 0:data
client raw SA@-1:EVIL 0:good
client raw SA@-1:data 4:more 0:good
client raw SA@-1,ack+1 SA@-1 0:data
client raw SA@-1,ack-1 SA@-1 0:data
client raw SA@-1 SA@-1 0:data
client raw SA@-1 SA@4999 0:data
client raw SA@-1,bad SA@4999 5000:data nofill
client raw SA@4999,bad SA@-1 0:data
client raw SA@4999,ack+5 SA@-1 0:data
client raw RA@-1
client raw RA@-1 0:data
client raw RA@-1,ack+1 SA@-1 0:data
client raw R@-1 SA@-1 0:data
client raw R@-1,bad SA@-1 0:data
client raw RSA@-1 SA@-1 0:data
client raw A@-1 SA@-1 0:data
client raw PA@-1:evil SA@-1 0:data
client raw 0:data SA@-1 0:good
client raw 0:data SA@-1
client raw SFA@-1 0:data
client raw SA@-1 FA@0:data
client raw S@-1 A@0 0:data
client raw S@-1 SA@-1 0:data
client raw S@-1 SA@-1 A@0 0:data
client raw S@-1:EVIL SA@-1 0:data
client raw S@-1 0:data
client raw S@-1 4:efgh 0:abcd
client raw A@-1 S@-1 A@0 0:data
client raw A@-1 S@-1 SA@-1 A@0 0:data
client raw S@-1 A@0 say:hello 0:data FA@4
client raw sack ts S@-1 A@0 4:efgh 0:abcd
client raw S@-1 S@-1 A@0 0:data
client raw S@-1 S@4999 A@0 0:data
client raw S@-1 R@0 A@0 0:data
client raw S@-1 R@7 A@0 0:data
"""

# A segment with another window than those before it is checked in full. Without that the kernel
# may take a segment's data before it finds that the acknowledgment is too old: if the segment is
# due, and the socket has memory left of what it sent or got before, which no packet tells.
ACKS = """
0:evil,ack+1 0:data
0:evil,ack+1000 0:data
0:evil,ack+70000 0:data
0:evil,ack+2000000000 0:data
0:evil,ack-1,win=4096 0:data
0:evil,ack-2,win=4096 0:data
0:evil,ack-1000,win=4096 0:data
0:evil,ack-70000,win=4096 0:data
0:evil,ack-2000000000,win=4096 0:data
say:hello 0:evil,ack-1,win=4096 0:data
say:hello 0:evil,ack-5,win=4096 0:data
say:hello 0:evil,ack-6,win=4096 0:data
say:hello 0:evil,ack-7,win=4096 0:data
say:hello A@0 0:evil,ack-1,win=4096 0:data
say:hello A@0 0:evil,ack-5,win=4096 0:data
say:hello A@0 0:evil,ack-6,win=4096 0:data
say:hello A@0 0:evil,ack-7,win=4096 0:data
say:hello A@0,ack-3 0:evil,ack-5,win=4096 0:data
say:hello A@0,ack-3 0:evil,ack-4,win=4096 0:data
say:hello A@0 0:evil,ack-1000,win=4096 0:data
say:h*3000 A@0 0:evil,ack-2999,win=4096 0:data
say:h*3000 A@0 0:evil,ack-3001,win=4096 0:data
say:h*3000 A@0,ack-1500 0:evil,ack-3001,win=4096 0:data
say:h*3000 A@0,ack-1500 0:evil,ack-3000,win=4096 0:data
say:hello A@0 say:again 0:evil,ack-10,win=4096 A@0 0:data
say:hello 0:data,ack+1 0:evil 4:more
4:evil,ack+5 0:abcd 4:efgh
4:evil,ack-70000,win=4096 0:abcd 4:efgh
FA@0:evil,ack+5 0:data
P@0:evil 0:data
-@0:evil 0:data
PU@0:evil,urg=2 0:data
F@0:evil 0:data
FPU@0:evil,urg=2 0:data
S@0:evil 0:data
SF@0:evil 0:data
SFA@0:evil 0:data
FPA@0:evil,ack-9,win=4096 0:data
SPA@0:evil 0:data
FSRPAU@0:evil,urg=1 0:data
4:evil -@4:EVIL 0:abcd
-@4:evil 4:efgh 0:abcd
A@0:data
A@4 0:data A@4
"""

HEADERS = """
0:EVIL,words=4 0:good
0:EVIL,words=0 0:good
0:EVIL,words=15 0:good
0:EVIL,words=7 0:good
0:EVILEVIL,words=6 0:good
0:EVILEVIL,words=7 0:good
4:EVILEVIL,words=7 0:good
0:data,opt=fe00
0:data,opt=fe01
0:data,opt=fe28
0:data,opt=0101fe
0:data,opt=01010101
0:data,opt=00fe0000
0:data,opt=fe0412340101fd04
0:data,opt=020405b4
0:data,opt=0204
0:data,opt=03030e
0:data,opt=0402
0:data,opt=0501
0:data,opt=0502
0:data,opt=050a0000000100000002
0:data,opt=080a0000000100000002
0:data,opt=080a
0:data,opt=0803
ts 0:data,opt=fe00
ts 0:data,opt=fe00 4:more,ts-500
ts 0:data,opt=080a0000000100000001
ts 0:data,opt=080a00000001
ts 0:data,nots,opt=080a00000001
ts 0:data,nots,opt=0808000000010000
ts 0:data,nots,opt=080b0000000100000001
ts 0:data,nots,opt=0101080a0000000100000001 0:good
ts 0:data,nots,opt=01080a0000000100000001 0:good
0:data,opt=220a
raw S@-1,opt=fe00 A@0 0:data
raw S@-1,opt=2202 A@0 0:data
raw sack S@-1,opt=fe28 A@0 0:data
"""

MD5S = f"""
0:EVIL,{MD5} 0:good
4:EVIL,{MD5} 4:efgh 0:abcd
R@0,{MD5} 0:good
0:data,opt=1304
0:data,opt=1312
raw S@-1,{MD5} A@0 0:data
raw S@-1,{MD5} S@-1 A@0 0:data
client raw SA@-1,{MD5} SA@-1 0:data
"""

TIMESTAMPS = """
ts 0:abcd 4:efgh
ts 0:EVIL,ts-500 0:good
ts 0:abcd 4:EVIL,ts-500 4:efgh
ts 0:abcd 4:efgh,ts-1
ts 0:abcd 4:efgh,ts-2
ts 0:abcd 4:efgh,ts-3
ts 0:abcd 4:efgh,ts-4
ts 0:abcd,ts+1000 4:evil 4:efgh,ts+2000
ts 4:efgh,ts+1000 0:abcd
ts 4:efgh,ts+1000 0:abcd 8:ijkl
ts 4:efgh,ts+1000 0:abcd,ts+1 8:ijkl
ts 0:abcd 8:EVIL,ts-500 8:ijkl 4:efgh
ts 0:abcd 8:ijkl,ts+500 4:efgh 12:mnop
ts 0:abcd 2:XXef,ts-500 4:efgh
ts 0:abcd 2:XXef,ts+500 6:gh
ts 0:abcd,nots 4:efgh,nots
ts 0:abcd,nots 4:EVIL,ts-500 4:efgh
ts 0:abcd A@4,ts+5000 4:evil 4:efgh,ts+6000
ts A@3,ts+5000 0:data
ts A@-1,ts+5000 0:data
ts A@-100,ts+5000 0:data
ts A@100,ts+5000 0:data
ts 0:abcd,ts+2147480000 4:efgh 4:more,ts+2147480001
ts 0:abcd,ts+2147483647 4:efgh
ts 0:abcd,ts+2147483648 4:efgh
ts 0:abcd FA@4,ts-500 4:more
ts 0:abcd,ts+1000 A@4,ts+5000 4:evil 4:efgh,ts+5001
ts 0:abcd A@4,ts+5000,ack+9 4:efgh
ts 0:abcd A@4,ts+5000,ack-70000,win=4096 4:efgh
ts 0:abcd P@4,ts+5000 4:efgh
ts 0:abcd R@9,ts+5000 4:efgh
ts 0:abcd S@4,ts+5000 4:efgh
ts 0:abcd A@4,ts+5000,bad 4:efgh
ts 0:abcd 4:efgh,opt=fe00 8:ijkl,ts-500 8:more
ts say:hello 0:abcd 4:efgh,ts-500 4:good
ts sack 4:efgh 8:EVIL,ts-500 0:abcd
ts isn=0xFFFFFFFE 0:abcd 4:efgh,ts-500 4:more
v6 ts 0:EVIL,ts-500 0:good
raw ts S@-1,nots A@0 0:abcd 4:efgh,ts-500
"""

URGENT = """
PAU@0:abcd,urg=0
PAU@0:abcd,urg=1
PAU@0:abcd,urg=2
PAU@0:abcd,urg=3
PAU@0:abcd,urg=4
PAU@0:abcd,urg=5
PAU@0:abcd,urg=6
PAU@0:abcd,urg=6 4:efgh
PAU@0:abcd,urg=5 4:efgh
PAU@0:abcd,urg=4 4:efgh
PAU@0:abcd,urg=65535 4:efgh
PAU@0:abcd,urg=1 4:efgh
PAU@0:a,urg=1 1:bcd
PAU@0:a,urg=2 1:bcd
0:abcd PAU@4:efgh,urg=1 8:ijkl
0:abcd PAU@4:efgh,urg=0 8:ijkl
PAU@0:abcd,urg=2 PAU@4:efgh,urg=2
PAU@0:abcd,urg=2 PAU@4:efgh,urg=4 8:ijkl
PAU@0:abcd,urg=4 PAU@4:efgh,urg=1
PAU@0:abcd,urg=4 PAU@4:efgh,urg=0
PAU@0:abcd,urg=3 PAU@0:abcd,urg=3 4:efgh
PAU@0:abcd,urg=3 PAU@0:abcd,urg=2 4:efgh
PAU@0:abcd,urg=6 PAU@4:efgh,urg=1 8:ijkl
PAU@0:abcd,urg=6 PAU@4:efgh,urg=2 8:ijkl
PAU@0:abcd,urg=6 PAU@4:efgh,urg=3 8:ijkl
PAU@0:abcd,urg=8 PAU@4:efgh,urg=2 8:ijkl
PAU@0:abcd,urg=8 4:efgh 8:ijkl
PAU@0:abcd,urg=9 4:efgh PAU@8:ijkl,urg=2
PAU@4:efgh,urg=2 0:abcd 8:ijkl
PAU@4:efgh,urg=0 0:abcd 8:ijkl
4:efgh PAU@0:abcd,urg=2 8:ijkl
4:efgh PAU@0:abcd,urg=6 8:ijkl
PAU@4:efgh,urg=2 PAU@0:abcd,urg=2 8:ijkl
PAU@8:ijkl,urg=2 PAU@4:efgh,urg=2 0:abcd 12:mn
PAU@4:efgh,urg=2 4:EFGH 0:abcd
4:EFGH PAU@4:efgh,urg=2 0:abcd
PAU@4:efgh,urg=2 2:CDEFGH 0:ab
AU@0,urg=0 0:abcd
AU@0,urg=1 0:abcd
AU@0,urg=2 0:abcd
AU@0,urg=3 0:abcd 4:efgh
AU@0,urg=9 0:abcd 4:efgh 8:ijkl
0:abcd AU@4,urg=2 4:efgh
0:abcd AU@4,urg=0 4:efgh
0:abcd AU@2,urg=3 4:efgh
0:abcd AU@2,urg=2 4:efgh
0:abcd AU@9,urg=2 4:efgh 8:ijkl
PA@0:abcd,urg=2,bad 0:abcd 4:efgh
0:abcd PAU@2:cdef,urg=3 6:gh
0:abcd PAU@2:cdef,urg=4 6:gh
0:abcd PAU@2:cdef,urg=1 6:gh
FPAU@0:abcd,urg=2
FPAU@0:abcd,urg=4
FPAU@0:abcd,urg=5
FPAU@0:abcd,urg=6
PAU@0:abcd,urg=5 FA@4
PAU@0:abcd,urg=5 FA@4:e
PU@0:evil,urg=2 0:abcd 4:efgh
PAU@0:evil,urg=2,ack+9 0:abcd 4:efgh
PAU@0:abcd,urg=2 R@4
isn=0xFFFFFFFC PAU@0:abcdefgh,urg=6 8:ijkl
isn=0xFFFFFFFC PAU@4:efgh,urg=2 0:abcd 8:ijkl
v6 PAU@0:abcd,urg=2 4:efgh
client PAU@0:abcd,urg=2 4:efgh
ts PAU@0:evil,urg=2,ts-500 0:abcd 4:efgh
"""

PROBES = """
0:abcd A@3:X 4:efgh
0:abcd A@3 4:efgh
0:abcd 3:X 4:efgh
0:abcd A@3:d 4:efgh
0:abcd A@3:dX 5:fgh
0:abcd A@4 A@4 4:efgh
0:abcd A@0:abcd 4:efgh
0:abcd 2:XXef 6:gh
0:abcd 0:ABCDef 6:gh
0:abcd -5:abcdeABCDef 6:gh
-1:Xabc 3:def
-4:XXXXabcd 4:efgh
-4:XXXX 0:abcd
-70000:XXXX 0:abcd
0:a 1:b 2:c 3:d
3:d 2:c 1:b 0:a
"""

WINDOWS = """
0:good 70000:EVIL nofill
1000000:EVIL 0:good
2000000000:EVIL 0:good
-2000000000:EVIL 0:good
66000:EVIL 0:good
65535:EVIL 0:good
rcvbuf=2304 0:good 3000:EVIL
rcvbuf=2304 0:a*400 400:b*400 800:c*400 1200:d*400
rcvbuf=2304 4:efgh 2400:EVIL 0:abcd
rcvbuf=2304 1151:EVIL 0:abcd
rcvbuf=2304 1152:EVIL 0:abcd
rcvbuf=2304 1153:EVIL 0:abcd
rcvbuf=2304 1140:overtheedgeofit 0:abcd
rcvbuf=2304 0:a*1400 1400:b*1400
rcvbuf=2304 R@2000 0:abcd
rcvbuf=2304 FA@2000 0:abcd
rcvbuf=2304 stop 0:a*400 400:b*400 800:c*400 1200:d*400 go 1200:e*400
rcvbuf=2304 stop 0:a*1152 1152:X go 1152:efgh
rcvbuf=2304 stop 0:a*1152 1152:X 1151:X go 1152:efgh
"""


def listed(text):
    return [line for line in text.strip().split("\n") if line]


def urgent_in_line():
    """As the urgent bytes, but the application asked for SO_OOBINLINE."""
    return ["inline " + script for script in listed(URGENT)]


def reversed_bytes():
    """One byte a segment, the last first."""
    letters = "abcdefghijklmnopqrstuvwxyz" * 8
    return [options + " ".join(f"{at}:{letters[at]}" for at in reversed(range(200)))
            for options in ("", "sack ", "v6 ts sack ", "isn=0xFFFFFFA0 ")]


def wraps():
    """Sequence numbers that pass 2^32 at every byte of a short exchange."""
    orders = ("0:abcd 4:efgh 8:ijkl", "8:ijkl 4:efgh 0:abcd", "4:efgh 2:CDEFGHIJ 0:abcd",
              "sack 4:efgh R@8 0:abcd", "FA@8 4:efgh 0:abcd", "0:abcd 2:XXef R@100 6:gh")
    return [f"isn={(1 << 32) - 1 - back} {order}" for order in orders for back in range(-1, 13)]


SIGNATURES = "MD5 signatures that nobody asked for"

FAMILIES = {
    SIGNATURES: lambda: listed(MD5S),
    "bad checksums": lambda: listed(CHECKSUMS),
    "resets in and out of place": lambda: listed(RESETS),
    "FIN early, late, twice, overlapped": lambda: listed(FINS),
    "handshakes, and SYN where none is due": lambda: listed(HANDSHAKES),
    "connections that the kernel opens": lambda: listed(KERNEL_CLIENT),
    "acknowledgments and flags that make no sense": lambda: listed(ACKS),
    "lengths and options that make no sense": lambda: listed(HEADERS),
    "time stamps that are old, new, missing": lambda: listed(TIMESTAMPS),
    "urgent bytes": lambda: listed(URGENT),
    "keep-alives, probes and repeated bytes": lambda: listed(PROBES),
    "bytes out of window": lambda: listed(WINDOWS),
    "one byte a segment, the last first": reversed_bytes,
    "sequence numbers that wrap": wraps,
}
