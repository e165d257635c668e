using System.Reflection;
using Microsoft.Extensions.Logging;
using Tidings.AspNetCore.Services;
using Tidings.Data;
using Tidings.Redis;
using Tidings.Server;

namespace Tidings.EndToEnd.Tests.Http;

/// <summary>docs/operations/logs.md has every message that is logged, by its event id.</summary>
public sealed class LogGuideTests
{
    private static readonly Assembly[] Assemblies =
        [typeof(ITidings).Assembly, typeof(Edge).Assembly, typeof(RedisOptions).Assembly, typeof(DataDirectoryException).Assembly, typeof(Outbox<>).Assembly, typeof(ResourceBuilder<>).Assembly, typeof(TidingsServer).Assembly];

    private static readonly List<LoggerMessageAttribute> Messages = [.. Assemblies
        .SelectMany(static assembly => assembly.GetTypes())
        .SelectMany(static type => type.GetMethods(BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
        .Select(static method => method.GetCustomAttribute<LoggerMessageAttribute>())
        .OfType<LoggerMessageAttribute>()
        .OrderBy(static message => message.EventId)];

    [Fact]
    public void No_two_messages_have_the_same_event_id()
    {
        Assert.InRange(Messages.Count, 30, 1000);
        Assert.Equal(Messages.Select(static message => message.EventId).Distinct(), Messages.Select(static message => message.EventId));
    }

    [Fact]
    public void The_guide_has_all_of_them()
    {
        var rows = Messages.Select(static message => $"| {message.EventId} | {message.Level} | {message.Message.Replace("|", "\\|", StringComparison.Ordinal)} |");
        var guide = File.ReadLines(Path.Combine(AppContext.BaseDirectory, "docs", "logs.md")).Where(static line => line.StartsWith("| ", StringComparison.Ordinal)).Skip(2);
        Assert.True(rows.SequenceEqual(guide), "These are the rows of docs/operations/logs.md:\n" + string.Join('\n', rows));
    }
}
