#!/usr/bin/env python3
"""Writes student_t.csv: quantiles of Student's t to 30 digits, from closed forms for whole degrees of freedom.

With theta = atan(t / sqrt(nu)):
  nu odd:  P = 1/2 + (theta + sin cos (1 + 2/3 cos^2 + 2*4/(3*5) cos^4 + ... to cos^(nu-3))) / pi
  nu even: P = 1/2 + sin/2 (1 + 1/2 cos^2 + 1*3/(2*4) cos^4 + ... to cos^(nu-2))
(Abramowitz and Stegun, 26.7.3 and 26.7.4). Run: python3 student_t.py > student_t.csv
"""
from decimal import Decimal as D, getcontext

getcontext().prec = 60
ONE, TWO = D(1), D(2)


def atan(x):
    # Halve the angle until the series converges fast: atan x = 2 atan(x / (1 + sqrt(1 + x^2))).
    halvings = 0
    while abs(x) > D("0.01"):
        x = x / (ONE + (ONE + x * x).sqrt())
        halvings += 1
    term, total, k = x, x, 1
    while abs(term) > D(10) ** -70:
        term = -term * x * x
        k += 2
        total += term / k
    return total * TWO**halvings


PI = 4 * atan(ONE)


def cdf(t, nu):
    cosine2 = D(nu) / (D(nu) + t * t)
    cosine, sine = cosine2.sqrt(), t / (D(nu) + t * t).sqrt()
    if nu % 2:
        total, term = D(0), ONE
        for k in range(1, nu - 1, 2):
            total += term
            term = term * cosine2 * (k + 1) / (k + 2)
        return ONE / 2 + (atan(t / D(nu).sqrt()) + sine * cosine * total) / PI
    total, term = D(0), ONE
    for k in range(0, nu - 1, 2):
        total += term
        term = term * cosine2 * (k + 1) / (k + 2)
    return ONE / 2 + sine / 2 * total


def quantile(p, nu):
    low, high = D(-1), D(1)
    while cdf(low, nu) > p:
        low *= 2
    while cdf(high, nu) < p:
        high *= 2
    for _ in range(130):
        middle = (low + high) / 2
        low, high = (middle, high) if cdf(middle, nu) < p else (low, middle)
    return (low + high) / 2


print("freedom,probability,quantile")
for nu in (1, 2, 3, 4, 5, 8, 11, 23, 30, 60, 120):
    for p in ("0.00001", "0.001", "0.01", "0.025", "0.05", "0.1", "0.25", "0.4", "0.5", "0.75", "0.9", "0.95", "0.975", "0.99", "0.999"):
        print(f"{nu},{p},{quantile(D(p), nu):.30f}")
