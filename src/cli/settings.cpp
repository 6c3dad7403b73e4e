#include "cli/settings.hpp"

#include <fcntl.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cerrno>

#include "base/json_writer.hpp"
#include "cli/root.hpp"
#include "sys/files.hpp"

namespace nucleus::cli {

namespace {

constexpr std::size_t kMaxBytes = 1U << 20;

// One reader for each key; a refusal says what the value must be.
using Reader = const char* (*)(const std::string& value, SettingsFile& settings);

const char* read_root(const std::string& value, SettingsFile& settings) {
    if (!value.starts_with('/')) return "must be an absolute path";
    settings.root = value;
    return nullptr;
}

const char* read_cgroup_manager(const std::string& value, SettingsFile& settings) {
    settings.cgroup_manager = cgroup_manager_of(value);
    return settings.cgroup_manager ? nullptr : "must be cgroupfs, systemd or disabled";
}

const char* read_log(const std::string& value, SettingsFile& settings) {
    if (!value.starts_with('/')) return "must be an absolute path";
    settings.log = value;
    return nullptr;
}

const char* read_log_level(const std::string& value, SettingsFile& settings) {
    settings.log_level = log_level_of(value);
    return settings.log_level ? nullptr : "must be error, warning or debug";
}

struct Key {
    std::string_view name;
    Reader read;
};
constexpr Key kKeys[] = {{"root", read_root},
                         {"cgroup_manager", read_cgroup_manager},
                         {"log", read_log},
                         {"log_level", read_log_level}};

class SettingsReader {
public:
    explicit SettingsReader(const std::string& name) : name_(name) {}

    Result<SettingsFile> read(const std::string& text) {
        try {
            const std::vector<YAML::Node> documents = YAML::LoadAll(text);
            if (documents.size() > 1) return refuse(documents[1].Mark(), "a second document");
            if (documents.empty() || documents[0].IsNull()) return settings_;
            if (!documents[0].IsMap()) return refuse(documents[0].Mark(), "not a map of settings");
            for (const auto& entry : documents[0])
                NUCLEUS_CHECK(read_entry(entry.first, entry.second));
        } catch (const YAML::Exception& error) {
            return refuse(error.mark, error.msg);
        }
        return settings_;
    }

private:
    Result<void> read_entry(const YAML::Node& key, const YAML::Node& value) {
        if (!key.IsScalar()) return refuse(key.Mark(), "a key must be a word");
        const std::string& word = key.Scalar();
        for (std::size_t i = 0; i < std::size(kKeys); ++i) {
            if (kKeys[i].name != word) continue;
            if (seen_[i]) return refuse(key.Mark(), "'" + word + "' is set twice");
            seen_[i] = true;
            if (!value.IsScalar()) {
                // An absent value has its place where the next key stands.
                const YAML::Mark mark = value.IsNull() ? key.Mark() : value.Mark();
                return refuse(mark, "'" + word + "' must be a string");
            }
            if (const char* wish = kKeys[i].read(value.Scalar(), settings_))
                return refuse(value.Mark(), "'" + word + "' " + wish);
            return {};
        }
        std::string known;
        for (const Key& each : kKeys) (known += known.empty() ? "" : ", ") += each.name;
        return refuse(key.Mark(), "unknown key '" + word + "' (known: " + known + ")");
    }

    Error refuse(const YAML::Mark& mark, const std::string& what) const {
        const int line = mark.is_null() ? 1 : mark.line + 1;
        return Error(Errc::invalid_config, name_ + ":" + std::to_string(line) + ": " + what);
    }

    const std::string& name_;
    SettingsFile settings_;
    bool seen_[std::size(kKeys)] = {};
};

// In a user namespace the host's root is nobody: what the kernel shows for every id that is not
// mapped.
constexpr uid_t kOverflowUid = 65534;

class Trust {
public:
    explicit Trust(sys::Kernel& kernel) : kernel_(kernel), nested_(in_user_namespace(kernel)) {}

    Result<void> check(int fd, const std::string& path) const {
        struct stat file {};
        if (const int result = kernel_.fstat(fd, file); result < 0)
            return Error::from_errno(-result, "inspect '" + path + "'");
        if (others_may_write(file)) return refuse("'" + path + "'");
        const std::size_t slash = path.rfind('/');
        const std::string directory =
            slash == std::string::npos ? "." : path.substr(0, std::max<std::size_t>(slash, 1));
        if (const int result = kernel_.fstatat(AT_FDCWD, directory.c_str(), file, 0); result < 0)
            return Error::from_errno(-result, "inspect '" + directory + "'");
        if (others_may_write(file)) return refuse("directory '" + directory + "'");
        return {};
    }

private:
    // Access control lists need no look of their own: one that grants writing shows in the group
    // bits (acl(5)).
    bool others_may_write(const struct stat& file) const {
        const bool owned = file.st_uid == 0 || (nested_ && file.st_uid == kOverflowUid);
        return !owned || (file.st_mode & (S_IWGRP | S_IWOTH)) != 0;
    }

    static Error refuse(const std::string& object) {
        return Error(Errc::invalid_config, object + " can be written by others than root");
    }

    sys::Kernel& kernel_;
    bool nested_;
};

}  // namespace

std::optional<runtime::CgroupManager> cgroup_manager_of(std::string_view word) {
    using runtime::CgroupManager;
    if (word == "cgroupfs") return CgroupManager::cgroupfs;
    if (word == "systemd") return CgroupManager::systemd;
    if (word == "disabled") return CgroupManager::disabled;
    return std::nullopt;
}

Result<SettingsFile> parse_settings(const std::string& text, const std::string& name) {
    return SettingsReader(name).read(text);
}

Result<std::string> settings_json(const std::string& text, const std::string& name) {
    base::JsonWriter json;
    json.begin_object();
    try {
        const YAML::Node document = YAML::Load(text);
        if (!document.IsMap() && !document.IsNull())
            return Error(Errc::invalid_config, name + ": not a map of settings");
        for (const auto& entry : document) {
            json.key(entry.first.IsScalar() ? entry.first.Scalar() : "");
            if (entry.second.IsScalar())
                json.value(entry.second.Scalar());
            else
                json.null();
        }
    } catch (const YAML::Exception& error) {
        return Error(Errc::invalid_config, name + ": " + error.what());
    }
    return json.end_object().text();
}

Result<SettingsFile> read_settings(sys::Kernel& kernel, const std::string& path, Missing missing) {
    const bool root = kernel.geteuid() == 0;
    // A link's own directory would have to be trusted too: root's settings are a plain file.
    const int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | (root ? O_NOFOLLOW : 0);
    const int opened = kernel.openat(AT_FDCWD, path.c_str(), flags, 0);
    if (opened == -ENOENT && missing == Missing::allowed) return SettingsFile{};
    if (opened < 0) return Error::from_errno(-opened, "settings: open '" + path + "'");
    const base::UniqueFd fd(opened);
    if (root) NUCLEUS_CHECK(Trust(kernel).check(fd.get(), path).in("settings"));
    NUCLEUS_TRY(const std::string text,
                sys::read_fd(kernel, fd.get(), path, kMaxBytes).in("settings"));
    return parse_settings(text, path).in("settings");
}

}  // namespace nucleus::cli
