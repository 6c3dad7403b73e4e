// The few string operations that the steps need.
#pragma once

namespace nucleus::init {

inline unsigned long length(const char* text) {
    unsigned long n = 0;
    while (text[n] != 0) ++n;
    return n;
}

inline bool equal(const char* a, const char* b) {
    while (*a != 0 && *a == *b) ++a, ++b;
    return *a == *b;
}

inline bool starts_with(const char* text, const char* prefix) {
    while (*prefix != 0)
        if (*text++ != *prefix++) return false;
    return true;
}

// The first `wanted` in text, or null.
inline const char* find(const char* text, char wanted) {
    for (; *text != 0; ++text)
        if (*text == wanted) return text;
    return nullptr;
}

// A text being put together in a buffer of fixed size. Once something did not fit it is `full`, and
// stays so.
template <unsigned long Size>
class Builder {
public:
    Builder& add(const char* text) { return add(text, length(text)); }
    Builder& add(const char* text, unsigned long size) {
        if (size_ + size >= Size) {
            full_ = true;
            return *this;
        }
        for (unsigned long i = 0; i < size; ++i) buffer_[size_++] = text[i];
        buffer_[size_] = 0;
        return *this;
    }
    Builder& add(unsigned long number) {
        char digits[24];
        int n = 0;
        do digits[n++] = static_cast<char>('0' + number % 10);
        while ((number /= 10) != 0);
        while (n > 0) add(&digits[--n], 1);
        return *this;
    }
    void clear() {
        size_ = 0;
        full_ = false;
        buffer_[0] = 0;
    }
    const char* text() const { return buffer_; }
    char* data() { return buffer_; }
    unsigned long size() const { return size_; }
    bool full() const { return full_; }

private:
    // In this order: a short text touches one page only, and a page that is touched is a fault.
    unsigned long size_ = 0;
    bool full_ = false;
    char buffer_[Size] = {};
};

}  // namespace nucleus::init
