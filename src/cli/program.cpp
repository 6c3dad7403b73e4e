#include "cli/program.hpp"

#include <exception>

#include "cli/commands.hpp"
#include "nucleus/version.hpp"

namespace nucleus::cli {

namespace {

using Arguments = std::span<const std::string_view>;

constexpr int kFailed = 1;

struct ParsedOptions {
    Options options;
    std::vector<std::string> operands;
};

Result<ParsedOptions> parse_options(const OptionTable& table, Arguments arguments,
                                    AfterOperand after_operand) {
    NUCLEUS_TRY(Tokens tokens, tokenize(table, arguments, after_operand));
    NUCLEUS_TRY(Options options, Options::from(table, std::move(tokens.options)));
    return ParsedOptions{std::move(options), std::move(tokens.operands)};
}

Outcome print(std::string text) { return {0, std::move(text), {}}; }

class Program {
public:
    explicit Program(const Surroundings& surroundings) : surroundings_(surroundings) {}

    Outcome run(Arguments arguments) {
        OptionTable table;
        describe_globals(table);
        auto parsed = parse_options(table, arguments, AfterOperand::operands);
        if (!parsed) return fail(parsed.error(), kFailed);
        if (parsed->options.flag("version") || parsed->options.flag("V"))
            return print(version_text());
        if (parsed->options.flag("help") || parsed->operands.empty())
            return print(program_help(table));
        Globals globals;
        if (auto understood = parse_globals(parsed->options, globals); !understood) {
            if (globals.log) (void)open_log(globals, SettingsFile{});
            return fail(understood.error(), kFailed);
        }
        const std::string& name = parsed->operands.front();
        // The operands of the globals are the end of the argument list: the command and all that is
        // its own.
        const Arguments rest = arguments.last(parsed->operands.size() - 1);
        if (name == "help" && rest.empty()) return print(program_help(table));
        return name == "help" ? help(rest.front()) : dispatch(globals, name, rest);
    }

private:
    Outcome help(std::string_view name) {
        const Command* const command = find_command(name);
        if (command == nullptr) return refuse_name(name);
        OptionTable table;
        describe(*command, table);
        return print(command_help(*command, table));
    }

    static void describe(const Command& command, OptionTable& table) {
        command.describe(table);
        table.flag("help,h", "print this help");
    }

    Outcome refuse_name(std::string_view name) {
        return fail(Error(Errc::invalid_argument,
                          "unknown command \"" + std::string(name) + "\" (see nucleus --help)"),
                    kFailed);
    }

    Outcome dispatch(const Globals& globals, std::string_view name, Arguments arguments) {
        const Command* const command = find_command(name);
        if (command == nullptr) {
            if (auto ready = prepare(globals); !ready) return fail(ready.error(), kFailed);
            return refuse_name(name);
        }
        OptionTable table;
        describe(*command, table);
        auto parsed = parse_options(table, arguments, command->after_operand);
        if (parsed && parsed->options.flag("help")) return print(command_help(*command, table));
        if (auto ready = prepare(globals); !ready) return fail(ready.error(), kFailed);
        if (!parsed) return fail(std::move(parsed).error().in(command->name), kFailed);
        if (auto fits = check_operands(*command, parsed->operands.size()); !fits)
            return fail(fits.error(), kFailed);
        return execute(globals, *command, *parsed);
    }

    // The settings file may name the log; what is wrong with the file is told in the log that the
    // options name.
    Result<void> prepare(const Globals& globals) {
        auto file =
            globals.settings.empty()
                ? read_settings(surroundings_.kernel, surroundings_.settings_file, Missing::allowed)
                : read_settings(surroundings_.kernel, globals.settings, Missing::refused);
        if (file) file_ = *file;
        NUCLEUS_CHECK(open_log(globals, file_));
        if (!file) return std::move(file).error();
        return {};
    }

    Result<void> open_log(const Globals& globals, const SettingsFile& file) {
        std::optional<LogTarget> target = globals.log;
        if (!target && file.log) target = LogTarget{LogTarget::Kind::file, *file.log};
        if (!target) return {};
        const LogLevel level =
            globals.log_level.value_or(file.log_level.value_or(LogLevel::warning));
        NUCLEUS_TRY(
            log_, Log::open(surroundings_.kernel, *target, globals.log_format, level).in("--log"));
        return {};
    }

    static Result<void> check_operands(const Command& command, std::size_t count) {
        if (count >= command.min_operands && count <= command.max_operands) return {};
        std::string usage = "nucleus " + std::string(command.name);
        if (!command.operands.empty()) usage += " " + std::string(command.operands);
        return Error(
            Errc::invalid_argument,
            std::string(command.name) +
                (count < command.min_operands ? ": too few arguments" : ": too many arguments") +
                " (usage: " + usage + ")");
    }

    Outcome execute(const Globals& globals, const Command& command, const ParsedOptions& parsed) {
        auto settings = merge(globals, file_, surroundings_.environment, surroundings_.kernel);
        if (!settings) return fail(settings.error(), kFailed);
        log_.write(LogLevel::debug, "nucleus " + std::string(kVersion) + ": " +
                                        std::string(command.name) + ", root '" + settings->root +
                                        "'");
        std::unique_ptr<runtime::Runtime> runtime;
        const auto make = [&]() -> runtime::Runtime& {
            if (!runtime) runtime = surroundings_.make_runtime(*settings);
            return *runtime;
        };
        Invocation invocation{parsed.options,
                              parsed.operands,
                              surroundings_.kernel,
                              surroundings_.environment,
                              make,
                              warnings_,
                              {},
                              kFailed};
        auto status = command.execute(invocation);
        if (!status) return fail(status.error(), invocation.failure_status);
        for (const std::string& warning : warnings_) log_.write(LogLevel::warning, warning);
        return {*status, std::move(invocation.output), {}};
    }

    // Warnings come along in the error, so that the log gets one object (podman parses it as one
    // value).
    Outcome fail(const Error& error, int status) {
        std::string message = error.message();
        for (const std::string& warning : warnings_) message += " (warning: " + warning + ")";
        log_.write(LogLevel::error, message);
        return {status, {}, "nucleus: " + one_line(message) + "\n"};
    }

    const Surroundings& surroundings_;
    SettingsFile file_;
    Log log_;
    Warnings warnings_;
};

}  // namespace

std::string one_line(std::string_view text) {
    constexpr char kHex[] = "0123456789abcdef";
    std::string line;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '\n')
            line += "\\n";
        else if (byte < 0x20 || byte == 0x7f)
            ((line += "\\x") += kHex[byte >> 4]) += kHex[byte & 15];
        else
            line += c;
    }
    return line;
}

Outcome run_program(Arguments arguments, const Surroundings& surroundings) {
    try {
        return Program(surroundings).run(arguments);
    } catch (const std::exception& error) {
        return {kFailed, {}, "nucleus: " + std::string(error.what()) + "\n"};
    }
}

}  // namespace nucleus::cli
