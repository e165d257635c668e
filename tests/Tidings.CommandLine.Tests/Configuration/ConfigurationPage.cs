using System.Globalization;
using System.Reflection;
using System.Text;
using Tidings.Options;
using Tidings.Server.Checking;
using Tidings.Server.Configuration;
using Tidings.Server.Options;

namespace Tidings.CommandLine.Tests.Configuration;

/// <summary>The tables of docs/configuration.md, made from the options' classes.</summary>
internal static class ConfigurationPage
{
    private const string Begin = "<!-- The rest of this section is written by the tests of the command line, from the options' classes: change it there. -->";
    private const string End = "<!-- Until here. -->";

    // A list shows by one item what its items have.
    private static readonly ServerOptions Options = new()
    {
        Tidings = { Channels = { new ChannelOptions() }, Events = { new EventReceiverOptions() }, Pusher = { Apps = { new PusherAppOptions { Webhooks = { new PusherWebhookOptions() } } } }, Jwt = { Keys = { new JwtKeyOptions() }, Roles = { new JwtRoleOptions() }, Issuers = { new JwtIssuerOptions() } } },
    };

    private static readonly XmlDocs Docs = new(typeof(TidingsOptions), typeof(ServerOptions));

    /// <summary>The page with its tables made anew.</summary>
    public static string Renew(string page)
    {
        var (begin, end) = (page.IndexOf(Begin, StringComparison.Ordinal), page.IndexOf(End, StringComparison.Ordinal));
        Assert.True(begin >= 0 && end > begin, "docs/configuration.md has lost the marks between which its tables stand.");
        return $"{page[..begin]}{Begin}\n\n{Tables()}{page[end..]}";
    }

    private static string Tables()
    {
        var text = new StringBuilder();
        foreach (var group in OptionKey.All(Options).GroupBy(static key => key.Property.DeclaringType!).OrderBy(Rank))
        {
            var prefix = Prefix(group.First().Path);
            text.Append(CultureInfo.InvariantCulture, $"### {Title(group.Key, prefix)}\n\n{Docs.Of(group.Key)}\n\n");
            var limits = group.Key == typeof(LimitOptions);
            text.Append(CultureInfo.InvariantCulture, $"| key under `{prefix}` | values | {(limits ? "`default` | `small` | `none`" : "default")} | reload | meaning |\n");
            text.Append(limits ? "| --- | --- | --- | --- | --- | --- | --- |\n" : "| --- | --- | --- | --- | --- |\n");
            foreach (var key in group)
            {
                text.Append(Row(key, limits));
            }

            text.Append('\n');
        }

        return text.ToString();
    }

    // What stands in no group first.
    private static int Rank(IGrouping<Type, OptionKey> group) => group.Key == typeof(ServerOptions) ? 0 : group.Key == typeof(TidingsOptions) ? 1 : 2;

    private static string Title(Type group, string prefix) =>
        group == typeof(TidingsOptions) ? "Every server"
        : group == typeof(ServerOptions) ? "The standalone server"
        : prefix["Tidings:".Length..].Split(':').Aggregate("", static (title, word) => word == "n" ? title : $"{title} {word.ToLowerInvariant()}").Trim() is var name
        ? char.ToUpperInvariant(name[0]) + name[1..]
        : "";

    private static string Prefix(string path) => Numbered(path[..path.LastIndexOf(':')]);

    private static string Numbered(string path) => path.Replace(":0", ":n", StringComparison.Ordinal);

    private static string Row(OptionKey key, bool limits)
    {
        var (meaning, fallback) = Docs.Of(key.Property);
        var list = key.Property.PropertyType.IsGenericType && key.Property.PropertyType.GetGenericTypeDefinition() == typeof(IList<>);
        var name = key.Path[(key.Path.LastIndexOf(':') + 1)..] + (list ? ":n" : "");
        var shortForm = ServeOptions.ShortForm(key.Path) is { } form ? $"<br>`{form}`{(list ? ", repeatable" : "")}" : "";
        var defaults = limits && key.Property.Name != nameof(LimitOptions.Preset)
            ? string.Join(" | ", Enum.GetValues<LimitPreset>().Select(preset => Limit(key.Property, preset)))
            : Default(key, fallback) + (limits ? " | |" : "");
        return $"| `{name}`{shortForm} | {Values(key.Property)} | {defaults} | {(key.IsReloadable ? "yes" : "")} | {meaning} |\n";
    }

    private static string Values(PropertyInfo property)
    {
        if (property.GetCustomAttribute<OptionFormAttribute>() is { } form)
        {
            return form.Form;
        }

        var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        var kind = OptionValue.IsSize(property) ? "size"
            : type == typeof(TimeSpan) ? "time"
            : type == typeof(bool) ? "`true`, `false`"
            : type.IsEnum ? string.Join(", ", Enum.GetNames(type).Select(static name => $"`{name.ToLowerInvariant()}`"))
            : type == typeof(ChannelRule) ? "`anyone`, `users`, `server`, `user={id}`, `claim:name={value}`"
            : type == typeof(string) ? "text"
            : "number";
        return property.GetCustomAttribute<OptionRangeAttribute>() is { } range ? $"{kind} {Grouped(range.ToString())}" : kind;
    }

    private static string Default(OptionKey key, string fallback)
    {
        var value = OptionValue.Write(key.Value, OptionValue.IsSize(key.Property));
        return value.Length > 0 ? $"`{Grouped(value)}`" : fallback.Length > 0 ? fallback : "none";
    }

    private static string Limit(PropertyInfo limit, LimitPreset preset) => PresetLimits.Write(limit, preset) is var value and not "0" ? Grouped(value) : "–";

    // 1000000 is hard to read. Units and other words stay.
    private static string Grouped(string text) => string.Join(' ', text.Split(' ').Select(static word =>
        int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number.ToString("N0", CultureInfo.InvariantCulture) : word));
}
