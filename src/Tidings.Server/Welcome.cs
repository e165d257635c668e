namespace Tidings.Server;

/// <summary>What a started server says: where it is, and what to try next.</summary>
internal static class Welcome
{
    public static void Print(WebApplication app, TextWriter output)
    {
        var url = app.Urls.First();
        var ws = "ws" + url["http".Length..];
        output.WriteLine($"""
            Tidings is running.

              Open        {string.Join("  ", app.Urls)}
              Listen      python3 -m websockets {ws}/ws/lobby
              Say         curl -X POST {url}/broadcast -H 'content-type: application/json' -d '{"{"}"content":"hello","room":"lobby"{"}"}'
              Health      curl {url}/readyz

            Ctrl+C stops it.
            """);
    }
}
