#include "spec/draft.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "spec/document.hpp"
#include "spec/schema.hpp"
#include "spec/schema_check.hpp"
#include "spec/sections.hpp"

namespace nucleus::spec {

using rapidjson::Value;

// The value at a pointer and what holds it; null where it is not there.
struct Draft::Place {
    Value* holder = nullptr;
    Value* value = nullptr;
    std::string token;           // the last one, unescaped
    std::size_t index = 0;       // of an element, in what is left
    std::string holder_pointer;  // as written
};

namespace {

std::optional<std::size_t> index_of(std::string_view token) {
    std::size_t index = 0;
    const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), index);
    if (error != std::errc() || end != token.data() + token.size()) return std::nullopt;
    return index;
}

// Takes the first token off a pointer.
std::string_view next_token(std::string_view& pointer) {
    pointer.remove_prefix(1);
    const std::size_t end = std::min(pointer.find('/'), pointer.size());
    const std::string_view token = pointer.substr(0, end);
    pointer.remove_prefix(end);
    return token;
}

// The document may be changed: it is the draft's own.
Value* member(const Value& object, std::string_view name) {
    for (const auto& [key, value] : object.GetObject())
        if (text_in(key) == name) return const_cast<Value*>(&value);
    return nullptr;
}

Value& root_of(const Document& document) { return const_cast<Value&>(document.root()); }

}  // namespace

Draft::Draft() = default;
Draft::Draft(Draft&&) noexcept = default;
Draft& Draft::operator=(Draft&&) noexcept = default;
Draft::~Draft() = default;

std::optional<Draft> Draft::of(std::string_view bytes) {
    Draft draft;
    draft.document_ = std::make_unique<Document>();
    ErrorSlot errors("");
    draft.document_->parse(bytes, errors);
    if (errors.failed()) return std::nullopt;
    return draft;
}

Draft::Place Draft::find(std::string_view pointer) const {
    Place place;
    place.value = &root_of(*document_);
    std::string walked;
    while (!pointer.empty() && place.value != nullptr) {
        const std::string_view raw = next_token(pointer);
        place.holder = place.value;
        place.holder_pointer = walked;
        place.token = unescape_pointer_token(raw);
        place.value = nullptr;
        if (place.holder->IsObject()) {
            place.value = member(*place.holder, place.token);
        } else if (place.holder->IsArray()) {
            const auto written = index_of(raw);
            place.index = written.value_or(place.holder->Size());
            if (const auto moved = positions_.find(walked); moved != positions_.end())
                place.index = static_cast<std::size_t>(
                    std::find(moved->second.begin(), moved->second.end(), place.index) -
                    moved->second.begin());
            if (place.index < place.holder->Size())
                place.value = &(*place.holder)[static_cast<rapidjson::SizeType>(place.index)];
        }
        walked.append("/").append(raw);
    }
    if (!pointer.empty()) place.holder = nullptr;
    return place;
}

bool Draft::holds(std::string_view pointer) const { return find(pointer).value != nullptr; }

bool Draft::remove(std::string_view pointer) {
    const Place place = find(pointer);
    if (place.holder == nullptr || place.value == nullptr) return false;
    if (place.holder->IsObject()) return place.holder->RemoveMember(place.token.c_str());
    auto [moved, fresh] = positions_.try_emplace(place.holder_pointer);
    auto& positions = moved->second;
    if (fresh)
        for (std::size_t i = 0; i < place.holder->Size(); ++i) positions.push_back(i);
    positions.erase(positions.begin() + static_cast<std::ptrdiff_t>(place.index));
    place.holder->Erase(place.holder->Begin() + place.index);
    return true;
}

bool Draft::remove_word(std::string_view pointer, std::string_view word) {
    const Place place = find(pointer);
    if (place.value == nullptr || !place.value->IsArray()) return false;
    for (rapidjson::SizeType i = 0; i < place.value->Size(); ++i) {
        if (text_in((*place.value)[i]) != word) continue;
        const auto moved = positions_.find(std::string(pointer));
        const std::size_t index = moved == positions_.end() ? i : moved->second[i];
        return remove(std::string(pointer) + "/" + std::to_string(index));
    }
    return false;
}

bool Draft::set(std::string_view pointer, std::string_view json) {
    const Place place = find(pointer);
    if (place.holder == nullptr) return false;
    auto& allocator = document_->allocator();
    rapidjson::Document parsed(&allocator);
    parsed.Parse(std::string(json).c_str());
    Value value;
    value.CopyFrom(parsed, allocator);
    if (place.value != nullptr) {
        *place.value = std::move(value);
        return true;
    }
    if (!place.holder->IsObject()) return false;
    Value name(place.token.data(), static_cast<rapidjson::SizeType>(place.token.size()), allocator);
    place.holder->AddMember(name, value, allocator);
    return true;
}

std::optional<Draft::Problem> Draft::read(Spec& spec) const {
    ErrorSlot errors("");
    spec::read(Node(document_->root(), errors), spec);
    if (!errors.failed()) return std::nullopt;
    return Problem{written(errors.place()), errors.problem()};
}

std::string Draft::written(std::string_view pointer) const {
    std::string written;
    const Value* value = &document_->root();
    while (!pointer.empty()) {
        const std::string_view token = next_token(pointer);
        const Value* const holder = value;
        value = nullptr;
        const auto index = index_of(token);
        const auto moved = positions_.find(written);
        const bool is_element = holder != nullptr && holder->IsArray() && index;
        if (is_element && *index < holder->Size())
            value = &(*holder)[static_cast<rapidjson::SizeType>(*index)];
        if (holder != nullptr && holder->IsObject())
            value = member(*holder, unescape_pointer_token(token));
        if (is_element && moved != positions_.end() && *index < moved->second.size())
            written.append("/").append(std::to_string(moved->second[*index]));
        else
            written.append("/").append(token);
    }
    return written;
}

// A name in a pointer may hold `: ` itself: of the places that the message could mean, the longest
// that is there is meant, else the shortest.
Draft::Problem Draft::locate(std::string_view message) const {
    const std::size_t space = message.find(' ');
    if (space == message.npos || message.substr(space + 1, 1) != "/")
        return {"", std::string(message)};
    const std::string_view rest = message.substr(space + 1);
    std::size_t chosen = rest.npos;
    for (std::size_t at = rest.find(": "); at != rest.npos; at = rest.find(": ", at + 1)) {
        const std::string_view pointer = rest.substr(0, at);
        if (chosen == rest.npos || (pointer != "/" && holds(written(pointer)))) chosen = at;
    }
    if (chosen == rest.npos) return {"", std::string(message)};
    const std::string_view pointer = rest.substr(0, chosen);
    return {pointer == "/" ? "" : written(pointer), std::string(rest.substr(chosen + 2))};
}

}  // namespace nucleus::spec
