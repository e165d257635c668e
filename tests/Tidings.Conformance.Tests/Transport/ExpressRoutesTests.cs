using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Tidings.AspNetCore.Express;

namespace Tidings.Conformance.Tests.Transport;

public class ExpressRoutesTests
{
    private static readonly RouteEndpoint Rooms = Marked("/ws/{room}");

    [Theory]
    [InlineData("/ws/lobby", "lobby")]
    [InlineData("/WS/Lobby", "Lobby")]
    [InlineData("/ws/a.b:c@d", "a.b:c@d")]
    public void A_marked_route_is_found_with_its_value(string path, string room)
    {
        var found = ExpressRoutes.Of([Rooms]).Find(path, out var values);
        Assert.Same(Rooms, found);
        Assert.Equal(room, values!["room"]);
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/ws")]
    [InlineData("/ws/a/b")]
    [InlineData("/wsx/a")]
    [InlineData("/ws/echo")]
    [InlineData("/ws/ECHO")]
    public void Paths_of_others_and_of_nobody_are_left_to_routing(string path) =>
        Assert.Null(ExpressRoutes.Of([Rooms, Endpoint("/ws/echo"), Endpoint("/ws/clients/{id}"), Endpoint("/{**rest}"), Endpoint("/{a}/{b}")]).Find(path, out _));

    [Fact]
    public void A_route_without_values_is_found()
    {
        var echo = Marked("/ws");
        Assert.Same(echo, ExpressRoutes.Of([echo, Rooms]).Find("/ws", out _));
    }

    [Fact]
    public void Routes_for_other_methods_take_no_path_away()
    {
        var posts = Endpoint("/ws/lobby", new HttpMethodMetadata([HttpMethods.Post]));
        Assert.Same(Rooms, ExpressRoutes.Of([Rooms, posts]).Find("/ws/lobby", out _));
    }

    [Theory]
    [InlineData("/ws/{a:int}")]
    [InlineData("/ws/{name}")]
    [InlineData("/ws/{a}.{b}")]
    public void What_may_be_meant_by_the_same_path_stops_the_start(string other) =>
        Assert.Contains("/ws/{room}", Assert.Throws<InvalidOperationException>(() => ExpressRoutes.Of([Rooms, Endpoint(other)])).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("/ws/{room:alpha}")]
    [InlineData("/ws/{room?}")]
    [InlineData("/ws/{**room}")]
    [InlineData("/ws/{a}/{b}")]
    public void A_pattern_that_only_routing_understands_stops_the_start(string pattern) =>
        Assert.Throws<InvalidOperationException>(() => ExpressRoutes.Of([Marked(pattern)]));

    [Fact]
    public void Metadata_for_the_pipeline_stops_the_start()
    {
        var error = Assert.Throws<InvalidOperationException>(
            () => ExpressRoutes.Of([Endpoint("/ws/{room}", ExpressHandshakeMetadata.Instance, new Microsoft.AspNetCore.Authorization.AuthorizeAttribute())]));
        Assert.Contains("AuthorizeAttribute", error.Message, StringComparison.Ordinal);
    }

    private static RouteEndpoint Marked(string pattern) => Endpoint(pattern, ExpressHandshakeMetadata.Instance);

    private static RouteEndpoint Endpoint(string pattern, params object[] metadata) =>
        new(static _ => Task.CompletedTask, RoutePatternFactory.Parse(pattern), 0, new EndpointMetadataCollection(metadata), pattern);
}
