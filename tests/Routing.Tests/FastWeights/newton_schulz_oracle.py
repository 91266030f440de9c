#!/usr/bin/env python3
"""Writes newton_schulz_oracle.csv: Newton-Schulz orthogonalisation in 60-digit decimal arithmetic.

Columns: case, coefficients, rows, cols, index (row-major), input, output. Inputs are exact in float32 (multiples of 1/64).
Run: python3 newton_schulz_oracle.py > newton_schulz_oracle.csv
"""
from decimal import Decimal as D, getcontext

getcontext().prec = 60
FIVE = [("4.0848", "-6.8946", "2.9270"), ("3.9505", "-6.3029", "2.6377"), ("3.7418", "-5.5913", "2.3037"),
        ("2.8769", "-3.1427", "1.2046"), ("2.8366", "-3.0525", "1.2012")]
SINGLE = [("3.4445", "-4.7750", "2.0315")] * 5


def mul(x, y):
    return [[sum((x[i][k] * y[k][j] for k in range(len(y))), D(0)) for j in range(len(y[0]))] for i in range(len(x))]


def transpose(x):
    return [list(column) for column in zip(*x)]


def orthogonalise(m, triples):
    tall = len(m) > len(m[0])
    norm = sum((v * v for row in m for v in row), D(0)).sqrt() + D("1e-7")
    x = [[v / norm for v in row] for row in m]
    x = transpose(x) if tall else x
    for a, b, c in ((D(a), D(b), D(c)) for a, b, c in triples):
        gram = mul(x, transpose(x))
        square = mul(gram, gram)
        inner = [[b * g + c * s for g, s in zip(gr, sr)] for gr, sr in zip(gram, square)]
        step = mul(inner, x)
        x = [[a * v + w for v, w in zip(xr, sr)] for xr, sr in zip(x, step)]
    return transpose(x) if tall else x


def matrix(rows, cols, seed):
    # A small linear congruential generator: the same numbers in any language.
    out, state = [], seed
    for _ in range(rows):
        row = []
        for _ in range(cols):
            state = (state * 1103515245 + 12345) % 2147483648
            row.append(D((state >> 16) % 257 - 128) / D(64))
        out.append(row)
    return out


def main():
    print("case,coefficients,rows,cols,index,input,output")
    cases = [("square", matrix(4, 4, 1)), ("wide", matrix(3, 7, 2)), ("tall", matrix(8, 3, 3)), ("row", matrix(1, 6, 4)),
             ("rank-one", [[D(1), D(2), D(-1)], [D(2), D(4), D(-2)], [D("0.5"), D(1), D("-0.5")]]), ("zero", [[D(0)] * 3] * 2)]
    for name, m in cases:
        for label, triples in (("five", FIVE), ("single", SINGLE)):
            result = orthogonalise(m, triples)
            flat = [(i, v, w) for i, (v, w) in enumerate(zip(sum(m, []), sum(result, [])))]
            for i, v, w in flat:
                print(f"{name},{label},{len(m)},{len(m[0])},{i},{v},{w:.30f}")


main()
