using Microsoft.Extensions.Hosting;

namespace Tidings.AspNetCore.Services;

/// <summary>How long a drain takes where <see cref="TidingsOptions.Drain"/> says nothing.</summary>
internal static class DrainDefaults
{
    /// <summary>In production.</summary>
    public static readonly TimeSpan Span = TimeSpan.FromSeconds(30);

    /// <summary>Stopping an application in development takes no time, also with a page open.</summary>
    public static TimeSpan SpanOf(TidingsOptions options, IHostEnvironment? environment) =>
        options.Drain ?? (environment?.IsDevelopment() == true ? TimeSpan.Zero : Span);
}
