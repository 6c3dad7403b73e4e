// What a compiler may call even in a freestanding program.
extern "C" {

void* memcpy(void* to, const void* from, unsigned long size) {
    auto* out = static_cast<unsigned char*>(to);
    const auto* in = static_cast<const unsigned char*>(from);
    while (size-- > 0) *out++ = *in++;
    return to;
}

void* memmove(void* to, const void* from, unsigned long size) {
    auto* out = static_cast<unsigned char*>(to);
    const auto* in = static_cast<const unsigned char*>(from);
    if (out <= in) return memcpy(to, from, size);
    while (size-- > 0) out[size] = in[size];
    return to;
}

void* memset(void* to, int value, unsigned long size) {
    auto* out = static_cast<unsigned char*>(to);
    while (size-- > 0) *out++ = static_cast<unsigned char>(value);
    return to;
}

int memcmp(const void* a, const void* b, unsigned long size) {
    const auto* left = static_cast<const unsigned char*>(a);
    const auto* right = static_cast<const unsigned char*>(b);
    for (; size > 0; --size, ++left, ++right)
        if (*left != *right) return *left - *right;
    return 0;
}
}
