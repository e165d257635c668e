using Microsoft.Extensions.Logging;
using Tidings.AspNetCore.Tests.Endpoints;

namespace Tidings.AspNetCore.Tests;

/// <summary>An application whose own log would show tokens is told so at its start.</summary>
public sealed class QueryTokenTests
{
    [Theory]
    [InlineData(true, LogLevel.Information, true)]
    [InlineData(true, LogLevel.Warning, false)]
    [InlineData(false, LogLevel.Information, false)]
    public async Task Query_tokens_and_a_log_of_query_strings_do_not_go_together(bool tokens, LogLevel level, bool warns)
    {
        await using var app = await EndpointApp.StartAsync(
            HostKind.Streams,
            static app => app.MapTidings("/connect"),
            builder =>
            {
                builder.Logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", level);
                builder.Services.Configure<TidingsOptions>(options => options.Jwt.Secret = tokens ? "a secret of the tests, 32 bytes or more" : null);
            });
        Assert.Equal(warns, app.Log.Entries.Any(static entry => entry is { Level: LogLevel.Warning, Event.Id: 302 }));
    }
}
