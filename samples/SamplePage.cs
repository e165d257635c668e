namespace Tidings.Samples;

/// <summary>The page of a sample, and the two files that it loads.</summary>
internal static class SamplePage
{
    /// <summary>Serves <c>page.html</c> at <c>/</c>, and the JavaScript client and the style sheet beside it.</summary>
    public static void MapPage(this WebApplication app)
    {
        Serve("/", "page.html", "text/html; charset=utf-8");
        Serve("/tidings.js", "tidings.js", "text/javascript; charset=utf-8");
        Serve("/theme.css", "theme.css", "text/css; charset=utf-8");

        void Serve(string route, string name, string type) =>
            app.MapGet(route, () => TypedResults.Stream(typeof(SamplePage).Assembly.GetManifestResourceStream(name)!, type)).AllowAnonymous();
    }
}
